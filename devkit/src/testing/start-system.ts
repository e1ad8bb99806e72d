// startSystem: several services on real infra, in a test.
//
//   T1. Systems share nothing but servers: each has a database, a topic prefix, a registry and ports of its own. So tests
//       run beside each other, and services keep the names of their schemas.
//   T2. Each member reaches each other one, and infra, by an edge of its own, on which faults can be made (wiring/).
//   T3. Nothing is left at the end, also after a failing test. When the process is killed, its children end with it
//       (process/guard.ts), and the next system removes what it stored (ground/claim.ts).
//   T4. A start never half-succeeds (A1).
import { attemptAll, type Leak } from "@samspel/runtime/testing";
import { superviseProcesses, type Supervisor } from "../process/index.ts";
import { createMember } from "./create-member.ts";
import { createSystem } from "./create-system.ts";
import { findInfra, layGround, type Ground } from "./ground/index.ts";
import { createSystemLog, type Member, type SystemLog } from "./members/index.ts";
import { resolveSystemOptions, testName, type ResolvedSystemOptions } from "./options.ts";
import { planService, type Plan } from "./plan.ts";
import { SystemError, type System, type SystemOptions } from "./system.ts";
import { openTestMember } from "./test-member.ts";
import { createWiring } from "./wiring/index.ts";

/** What was begun is undone from the last to the first. */
type Undo = (readonly [what: string, step: () => Promise<unknown>])[];

/**
 * Starts a system: `await using system = await startSystem({ services: { cart: { entities: [cart] }, … } })`.
 *
 * @throws SystemError for wrong options, and with the last lines of a service that does not start; InfraError where infra
 *   cannot be had. Nothing is left then.
 */
export async function startSystem<const Name extends string>(
  options: SystemOptions<Name>,
): Promise<System<Name>> {
  const resolved = resolveSystemOptions(options);
  const supervisor = superviseProcesses();
  const undo: Undo = [["processes", () => supervisor.stop()]];
  let ground: Ground | undefined;
  const end = async (): Promise<readonly Leak[]> => [
    ...(await attemptAll(undo.toReversed())),
    // Last, as all the others use it.
    ...((await ground?.remove()) ?? []),
  ];
  try {
    const grounded = findInfra(resolved.infra)
      .then((infra) => layGround({ ...infra, registry: resolved.registry, supervisor }))
      .then((laid) => (ground = laid));
    const [plans, laid] = await both(planAll(resolved, supervisor), grounded);
    return await assemble<Name>({ resolved, supervisor, ground: laid, plans, undo, end });
  } catch (error) {
    await end();
    throw error;
  }
}

function planAll(resolved: ResolvedSystemOptions, supervisor: Supervisor): Promise<readonly Plan[]> {
  const { services, dir, env } = resolved;
  return Promise.all(services.map(([name, spec]) => planService(name, spec, { dir, env, supervisor })));
}

interface Assembly {
  readonly resolved: ResolvedSystemOptions;
  readonly supervisor: Supervisor;
  readonly ground: Ground;
  readonly plans: readonly Plan[];
  readonly undo: Undo;
  readonly end: () => Promise<readonly Leak[]>;
}

async function assemble<Name extends string>(assembly: Assembly): Promise<System<Name>> {
  const { resolved, supervisor, ground, plans, undo, end } = assembly;
  const log = createSystemLog(resolved.liveLogs ? (line) => console.error(line) : undefined);
  const names = resolved.services.map(([name]) => name);
  const wiring = createWiring([...names, testName], {
    postgres: ground.databaseUrl,
    nats: ground.natsUrl,
    registry: ground.registry.url,
  });
  undo.push(["edges", () => wiring.close()]);
  const { env, readyTimeoutMs, identity } = resolved;
  const members = await Promise.all(
    plans.map((plan, index) =>
      createMember(names[index] ?? "", plan, {
        ground,
        wiring,
        supervisor,
        log,
        env,
        readyTimeoutMs,
        identity,
      }),
    ),
  );
  undo.push(["running services", () => stopAll(members)], ["faults", async () => wiring.heal()]);
  await startAll(members, log);

  const seen = await wiring.infraOf(testName);
  const test = await openTestMember({
    natsUrl: seen.nats,
    registryUrl: seen.registry,
    topicPrefix: ground.topicPrefix,
    identity,
  });
  undo.push(["clients", async () => test[Symbol.asyncDispose]()]);
  return createSystem<Name>({ ground, wiring, log, members, test, end });
}

/** All are awaited, so that none begins anything when the start has been undone. */
async function startAll(members: readonly Member[], log: SystemLog): Promise<void> {
  const starts = await Promise.allSettled(members.map((member) => member.start()));
  for (const [index, start] of starts.entries()) {
    if (start.status === "fulfilled") continue;
    const name = members[index]?.name ?? "";
    const { reason } = start as { readonly reason: unknown };
    const lines = log.text(name, 20);
    throw new SystemError(
      `Cannot start ${name}: ${reason instanceof Error ? reason.message : String(reason)}` +
        (lines === "" ? "" : `\nIts last lines:\n${lines}`),
      { cause: reason },
    );
  }
}

async function stopAll(members: readonly Member[]): Promise<void> {
  const stops = await Promise.allSettled(members.map((member) => member.stop()));
  const failed = stops.find((stop) => stop.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Both are awaited, whichever fails. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

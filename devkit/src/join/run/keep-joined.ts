// Keeps a program in the registry that runs by itself or as our child.
//
//   J1. It is registered when its port answers, it says that it serves, and its API is known; never before.
//   J2. One whose port answers no more, or that is ill for 15 s, is taken out, and comes back when it serves again, perhaps
//       as another version: it is asked anew. Else the registry would drop it after a minute, and we would put it back
//       as passing, again and again.
//   J3. What fails at first ends the joining; what fails when the program comes back is told, and tried again.
import type { Registry } from "@samspel/registry";
import { RegistryError } from "@samspel/registry";
import { setTimeout as sleep } from "node:timers/promises";
import { JoinError } from "../join-error.ts";
import type { JoinedOptions } from "../joined-options.ts";
import { askHealth, portAnswers, portOpens } from "../probe.ts";
import { findRegistration } from "../registration.ts";

/** Where what happens is told. */
export interface JoinReporter {
  tell(text: string): void;
  warn(text: string): void;
  /** Why it ends. */
  fail(error: unknown): void;
}

const probeEveryMs = 1_000;
/** One lost probe is no death. */
const probesToDie = 3;
/** Three checks of the registry's in a row. Until then it is critical there, for all to see. */
const illAfterMs = 15_000;
const againMs = 1_000;

/**
 * Joins the program, and keeps it joined until the signal aborts; then it is out of the registry.
 * @throws JoinError or RegistryError where it cannot be joined at all.
 */
export async function keepJoined(
  registry: Registry,
  options: JoinedOptions,
  { reporter, signal }: { readonly reporter: JoinReporter; readonly signal: AbortSignal },
): Promise<void> {
  const { name, host, port, waitMs } = options;
  const opens = await portOpens(host, port, { timeoutMs: waitMs, signal });
  if (signal.aborted) return;
  if (!opens) {
    throw new JoinError(
      `Nothing accepts connections at ${host}:${port} after ${waitMs / 1_000} s: --port and --host must be where ${name} listens, and --wait <seconds> as long as it needs to start`,
    );
  }
  await joinOnce(registry, options, { reporter, signal });
  while (!signal.aborted) {
    if (!(await portOpens(host, port, { timeoutMs: Infinity, signal }))) return;
    try {
      await joinOnce(registry, options, { reporter, signal });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof JoinError || error instanceof RegistryError)) throw error;
      reporter.warn(`${name} is not joined again yet: ${error.message}`);
      await sleep(againMs, undefined, { signal }).catch(() => {});
    }
  }
}

/** Returns when the program's port answers no more, or when the signal aborts. */
async function joinOnce(
  registry: Registry,
  options: JoinedOptions,
  { reporter, signal }: { readonly reporter: JoinReporter; readonly signal: AbortSignal },
): Promise<void> {
  const { name, host, port } = options;
  const found = await unlessAborted(findRegistration(options, signal), signal);
  if (found === undefined) return;
  const { registration, doubts } = found;
  for (const doubt of doubts) reporter.warn(`${name}: ${doubt}`);
  const handle = await unlessAborted(registry.register(registration), signal);
  // Who aborts closes the registry, which ends a registration that is under way.
  if (handle === undefined) return;
  reporter.tell(
    `${name} is in the registry at ${registry.url} as ${handle.id}, and serves ${registration.protoServices.join(", ")}`,
  );
  const why = await goneOrAborted(options, registration.check?.type === "grpc", signal);
  if (!signal.aborted) {
    reporter.warn(`${name} at ${host}:${port} ${why}: out of the registry until it serves again`);
  }
  await handle.deregister();
}

/** Resolves when the program is gone or ill, with what it is, or when the signal aborts. */
async function goneOrAborted(
  { host, port }: JoinedOptions,
  hasHealth: boolean,
  signal: AbortSignal,
): Promise<string> {
  let lost = 0;
  let wellAt = performance.now();
  for (;;) {
    await sleep(probeEveryMs, undefined, { signal }).catch(() => {});
    const answers = await portAnswers(host, port);
    lost = answers ? 0 : lost + 1;
    if (signal.aborted || lost === probesToDie) return "answers no more";
    if (!hasHealth || (answers && (await serves(host, port, signal)))) wellAt = performance.now();
    else if (performance.now() - wellAt > illAfterMs) return "does not say that it serves";
  }
}

async function serves(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  const health = await askHealth(host, port, signal).catch(() => undefined);
  return health === "serving";
}

/** The value, or undefined where the signal aborts first; what comes later is nobody's matter. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const aborted = Promise.withResolvers<undefined>();
  const onAbort = (): void => aborted.resolve(undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted.promise]);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

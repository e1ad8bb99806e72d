// Instances that come, go, and are forgotten: what the suite does meanwhile, and what it sees.
import { setTimeout as sleep } from "node:timers/promises";
import { randomUUID } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { until } from "../../test/support/until.ts";
import { ScenarioService, WaitEnd } from "../typescript/gen/samspel/scenario/v1/scenario_pb.ts";
import type { SuiteScenario } from "./direction.ts";
import { instancesOf, isRegistered, type RegistryEntry } from "./program.ts";
import { equal } from "./equal.ts";

/** The instance is in the registry as the contract has it, and its descriptors are. */
export const registered: SuiteScenario = async ({ ground, server }) => {
  const entry = (await instancesOf(ground, server.service)).find(
    ({ Service }) => Service.Port === server.port,
  );
  if (entry === undefined) throw new Error(`${server.service} is not in the registry`);
  const { ID, Tags, Meta, Address } = entry.Service;
  equal("ID", ID, `${server.service}-${Address}-${server.port}`.replaceAll(".", "-"));
  equal("Tags", Tags.toSorted(), ["grpc", ScenarioService.typeName]);
  equal("meta samspel_contract", Meta["samspel_contract"], "1");
  equal("meta protocols has grpc", Meta["protocols"]?.split(",").includes("grpc"), true);
  equal("meta secure", Meta["secure"], "false");
  equal(
    "the check",
    entry.Checks.some(({ CheckID, Status }) => CheckID === `service:${ID}` && Status === "passing"),
    true,
  );
  await descriptorsAre(ground.registryUrl, Meta);
};

async function descriptorsAre(url: string, meta: RegistryEntry["Service"]["Meta"]): Promise<void> {
  const hash = meta["descriptor_sha256"] ?? "";
  equal("descriptor_sha256 is a hash", /^[0-9a-f]{64}$/.test(hash), true);
  const answer = await fetch(`${url}/v1/kv/samspel/descriptors/${hash}?raw`);
  equal("the descriptors are in the KV", answer.status, 200);
  const bytes = gunzipSync(Buffer.from(await answer.arrayBuffer()));
  equal("their hash", createHash("sha256").update(bytes).digest("hex"), hash);
  const { file } = fromBinary(FileDescriptorSetSchema, bytes);
  const services = file.flatMap(({ package: name, service }) =>
    service.map((declared) => `${name}.${declared.name}`),
  );
  equal("they have the service", services.includes(ScenarioService.typeName), true);
  const known = new Set<string>();
  for (const { name, dependency } of file) {
    equal(
      `what ${name} imports stands before it`,
      dependency.filter((needed) => !known.has(needed)),
      [],
    );
    known.add(name);
  }
}

/** A scenario that goes on beside what the suite does: where it fails first, that is heard when it is awaited. */
function beside(driven: Promise<void>): Promise<void> {
  driven.catch(() => {});
  return driven;
}

/** To find a new instance, and to see its share grow: longer than a call may take of which nobody says how long. */
const discoveryMs = 45_000;

/** A second instance is found, and then is gone. */
export const discovery: SuiteScenario = async (stage) => {
  const second = await stage.startServer("b");
  await stage.drive("discovery", { instances: "2" }, { timeoutMs: discoveryMs });
  const gone = beside(stage.drive("discovery", { gone: `${second.service}/b` }, { timeoutMs: discoveryMs }));
  const exit = await second.stop();
  await gone;
  equal("how the second ended", exit, { type: "exited", code: 0 });
};

const drainSeconds = 6;

/** One instance is replaced by another in the middle of calls. */
export const drain: SuiteScenario = async (stage) => {
  const calls = beside(stage.drive("drain", { seconds: String(drainSeconds) }));
  const next = await stage.startServer("c");
  const exit = await stage.server.stop();
  stage.server = next;
  await calls;
  equal("how the first ended", exit, { type: "exited", code: 0 });
};

const reRegistrationSeconds = 6;
const awayMs = 1_000;
const backMs = 5_000;

/** The registry dies and forgets all: both sides come back to it, and calls go on. */
export const reRegistration: SuiteScenario = async ({ ground, drive, server, driver }) => {
  const calls = beside(drive("re-registration", { seconds: String(reRegistrationSeconds) }));
  await ground.killRegistry();
  await sleep(awayMs);
  await ground.restartRegistry();
  for (const { service, port } of [server, driver]) {
    await until(`${service} is in the registry again`, () => isRegistered(ground, service, port), backMs);
  }
  await calls;
};

/** What is under way when the signal comes is answered, and callers are told before. */
export const stop: SuiteScenario = async ({ ground, server }) => {
  const id = randomUUID();
  const answer = server.scenario.wait({ id, ms: 1_000 });
  await until(
    "the call is there",
    async () => (await server.scenario.waited({ id })).end === WaitEnd.WAITING,
  );
  const ended = server.stop();
  await until(
    "it has left the registry",
    async () => !(await isRegistered(ground, server.service, server.port)),
  );
  await answer;
  equal("how it ended", await ended, { type: "exited", code: 0 });
};

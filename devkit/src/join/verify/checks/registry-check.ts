// CHECK: how the registry learns that the instance lives.
import { setTimeout as sleep } from "node:timers/promises";
import { failed, judged, passed, skipped, type Check, type Problem } from "../check.ts";
import { hostText } from "../grpc/index.ts";
import type { Entry, EntryCheck } from "../registry-reader.ts";
import type { Subject } from "../subject.ts";
import { entryCheck } from "./registration.ts";

function ownChecks({ Checks, Service }: Entry): readonly EntryCheck[] {
  return Checks.filter(({ ServiceID }) => ServiceID === Service.ID);
}

const kind = entryCheck({
  rule: "CHECK-1",
  level: "must",
  title: "the registry checks it, by gRPC or a TTL",
  run(entry) {
    const id = `service:${entry.Service.ID}`;
    const own = ownChecks(entry);
    const said = own
      .map(({ CheckID, Type }) => `${CheckID} (${Type === "" ? "kind unknown" : Type})`)
      .join(", ");
    const check = own.find(({ CheckID }) => CheckID === id);
    if (check === undefined) {
      return failed(
        own.length === 0 ? "no check: a dead instance would stay for ever" : `the checks ${said}`,
        `one check with the id ${id}, so that registering again replaces it`,
        `register with Check.CheckID "${id}"`,
      );
    }
    if (["grpc", "ttl"].includes(check.Type)) return passed(check.Type);
    return failed(
      `the check ${id} is of kind ${check.Type === "" ? "unknown" : check.Type}`,
      "GRPC, or TTL where the registry cannot reach the instance: an open port or a page says nothing of gRPC",
      "register with Check.GRPC = host:port",
    );
  },
});

const target = entryCheck({
  rule: "CHECK-2",
  level: "must",
  title: "the registry's check asks this instance",
  after: ["CHECK-1"],
  async run(entry, subject, signal) {
    if (checkOf(entry)?.Type === "ttl") return passed("a TTL has no target");
    const output = await outputOf(subject, entry, signal);
    const asked = targetIn(output);
    if (asked === undefined)
      return skipped(`the agent does not say what its check asks (its output is "${output.slice(0, 100)}")`);
    const { Address, Port, Meta } = entry.Service;
    const healthPort = Meta["health_port"];
    const expected =
      healthPort === undefined
        ? [`${hostText(Address)}:${Port}`]
        : [`127.0.0.1:${healthPort}`, `[::1]:${healthPort}`, `localhost:${healthPort}`];
    if (expected.includes(asked)) return passed(asked);
    return failed(
      `the check asks ${asked}`,
      `${expected[0] ?? ""}, where this instance answers`,
      "make Check.GRPC of the address and port that are registered, or of the health listener that meta health_port names",
    );
  },
});

function checkOf(entry: Entry): EntryCheck | undefined {
  return ownChecks(entry).find(({ CheckID }) => CheckID === `service:${entry.Service.ID}`);
}

/** The check starts as passing without having asked: its first run says what it asks. */
async function outputOf({ registry, waitMs }: Subject, entry: Entry, signal: AbortSignal): Promise<string> {
  const check = checkOf(entry);
  const deadline = performance.now() + (durationMs(check?.Interval ?? "") ?? 10_000) + waitMs;
  for (;;) {
    // Of another node's agent, the catalog's word is all there is.
    const output = (await registry.checkOutput(`service:${entry.Service.ID}`)) ?? check?.Output ?? "";
    if (output !== "" || performance.now() > deadline) return output;
    await sleep(100, undefined, { signal });
  }
}

/** Of "gRPC check 10.0.0.7:4000: success", or of the error of a connection. */
function targetIn(output: string): string | undefined {
  return /(?:gRPC check |dial tcp )((?:\[[^\]]+\]|[^\s:/]+):\d+)/.exec(output)?.[1];
}

function durationMs(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (units[unit] ?? 0), 0);
}

const passing = entryCheck({
  rule: "CHECK-3",
  level: "must",
  title: "its checks pass",
  after: ["CHECK-1", "CHECK-2", "HEALTH-1"],
  async run(entry, { registry }) {
    const now = (await registry.instances(entry.Service.Service)).find(
      ({ Service }) => Service.ID === entry.Service.ID,
    );
    if (now === undefined)
      return failed(
        "the instance has left the registry meanwhile",
        "an instance that stays",
        "see its log for why it left",
      );
    const problems: Problem[] = now.Checks.filter(({ Status }) => Status !== "passing").map((check) => ({
      found: `${check.CheckID} is ${check.Status}: ${check.Output.trim().slice(0, 200)}`,
      must: "passing: nobody is told of an instance whose checks fail",
      mend: check.CheckID.startsWith("_service_maintenance")
        ? "take it out of maintenance"
        : "see that the registry can reach it, and that its health is SERVING; of a TTL, that it reports in time",
    }));
    return judged(problems);
  },
});

const often = entryCheck({
  rule: "CHECK-4",
  level: "should",
  title: "its check runs every 5 s",
  after: ["CHECK-1"],
  run(entry) {
    const check = checkOf(entry);
    if (check?.Type !== "grpc") return passed("a TTL");
    const ms = durationMs(check.Interval);
    if (ms === undefined) return skipped("the registry does not say how often it asks");
    if (ms <= 10_000) return passed(check.Interval);
    return failed(
      `it asks every ${check.Interval}`,
      "every 5 s: a dead instance is called that long",
      'register with Check.Interval "5s"',
    );
  },
});

const forgotten: Check = {
  rule: "CHECK-5",
  level: "must",
  title: "a dead instance is forgotten after 60 s",
  after: ["REG-1"],
  run: async () =>
    skipped(
      "Consul shows DeregisterCriticalServiceAfter to nobody: hold the registration to interop/vectors/registration.json",
    ),
};

export const registryChecks: readonly Check[] = [kind, target, passing, often, forgotten];

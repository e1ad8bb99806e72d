// CALL: how calls end, as far as it can be seen on any service without carrying anything out.
import { failed, judged, passed, skipped, type Check, type Problem } from "../check.ts";
import { endText, isStatus, statusOf, type CallEnd } from "../grpc/index.ts";
import type { Subject } from "../subject.ts";
import { healthPath, healthRequest, nobody, statusIn } from "./health.ts";

/** A field of a wire type that there is not: no message of any type can be read from it, so no handler runs. */
const garbage = Uint8Array.of(0x0f, 0xff, 0xff);

async function probe(subject: Subject, path: string, body?: Uint8Array): Promise<CallEnd> {
  const connection = await subject.connection();
  const { end } = await connection.unary({
    path,
    waitMs: subject.waitMs,
    ...(body === undefined ? {} : { body }),
  });
  return end;
}

/** Paths that lead to no method. */
async function unknownPaths(subject: Subject): Promise<readonly string[]> {
  const served = await subject.listed().then(
    ({ names }) => names,
    () => [],
  );
  const inService = served.find((name) => !name.startsWith("grpc.")) ?? "grpc.health.v1.Health";
  return [`/${nobody}/Do`, `/${inService}/SamspelVerifyNoSuchMethod`];
}

const unimplemented: Check = {
  rule: "CALL-1",
  level: "must",
  title: "an unknown method is UNIMPLEMENTED",
  after: ["PORT-1"],
  async run(subject) {
    const problems: Problem[] = [];
    for (const path of await unknownPaths(subject)) {
      const end = await probe(subject, path);
      if (isStatus(end, statusOf.UNIMPLEMENTED)) continue;
      problems.push({
        found: `${path} is answered with ${endText(end)}`,
        must: "UNIMPLEMENTED: callers and tools tell versions apart by it",
        mend: "let the gRPC library answer for what it does not know; a proxy before it must not",
      });
    }
    return judged(problems);
  },
};

/** Methods that garbage is sent to: one of the service's own, where it has a unary one, and health's. */
async function parsingPaths(subject: Subject): Promise<readonly string[]> {
  const services = await subject.api().then(
    (api) => api.services,
    () => [],
  );
  const unary = services.flatMap(({ methods }) => methods).find(({ methodKind }) => methodKind === "unary");
  return [healthPath("Check"), ...(unary === undefined ? [] : [`/${unary.parent.typeName}/${unary.name}`])];
}

/** grpcio and grpc-java say UNKNOWN, and leave no choice to those who use them. */
const refusals = [statusOf.INVALID_ARGUMENT, statusOf.INTERNAL, statusOf.UNKNOWN];

const unreadable: Check = {
  rule: "CALL-2",
  level: "must",
  title: "a request that is no protobuf is refused",
  after: ["HEALTH-1"],
  async run(subject) {
    const problems: Problem[] = [];
    const paths = await parsingPaths(subject);
    for (const path of paths) {
      const end = await probe(subject, path, garbage);
      if (isStatus(end, ...refusals)) continue;
      problems.push({
        found: `three bytes that are no message, sent to ${path}, are answered with ${endText(end)}`,
        must: "INVALID_ARGUMENT or INTERNAL (UNKNOWN where the library leaves no choice), and no handler that runs",
        mend: "let the library decode requests, and refuse what it cannot",
      });
    }
    return judged(problems, paths.length === 1 ? "seen on health alone" : undefined);
  },
};

/** What no caller may see: stacks, paths and names of source files, in the languages that there are. */
const leaks: readonly RegExp[] = [
  /\bat [^\n]*\([^)\n]*:\d+(:\d+)?\)/,
  /\bat (file:|node:|\/)[^\s]*:\d+/,
  /Traceback \(most recent call last\)/,
  /File "[^"]+", line \d+/,
  /goroutine \d+ \[/,
  /panicked at/,
  /\b[\w/.-]+\.(go|rs|py|java|kt|ts|js|cs|ex|rb):\d+/,
  /node_modules\//,
];

const silent: Check = {
  rule: "CALL-3",
  level: "must",
  title: "errors do not show stacks",
  after: ["PORT-1"],
  async run(subject) {
    const problems: Problem[] = [];
    const ends: readonly (readonly [string, CallEnd])[] = [
      ...(await Promise.all(
        (await unknownPaths(subject)).map(async (path) => [path, await probe(subject, path)] as const),
      )),
      ...(await Promise.all(
        (await parsingPaths(subject)).map(
          async (path) => [path, await probe(subject, path, garbage)] as const,
        ),
      )),
      [healthPath("Check"), await probe(subject, healthPath("Check"), healthRequest(nobody))],
    ];
    for (const [path, end] of ends) {
      if (end.type !== "status" || !leaks.some((leak) => leak.test(end.message))) continue;
      problems.push({
        found: `the error of ${path} says ${JSON.stringify(end.message.slice(0, 200))}`,
        must: 'what a caller can act on; of unknown errors "internal error" alone',
        mend: "write what was thrown to the log, and answer INTERNAL without it",
      });
    }
    return judged(problems, "seen on errors that can be provoked without a handler");
  },
};

const deadlineMs = 300;
const graceMs = 2_000;

const deadline: Check = {
  rule: "CALL-4",
  level: "must",
  title: "a call ends when its deadline is over",
  after: ["HEALTH-4"],
  async run(subject) {
    using connection = await subject.openConnection();
    // A watch has no end of its own, so that its deadline is what ends it.
    const startedMs = performance.now();
    const call = connection.call({
      path: healthPath("Watch"),
      body: healthRequest(""),
      headers: { "grpc-timeout": `${deadlineMs}m` },
      waitMs: deadlineMs + graceMs,
    });
    const end = await call.end;
    const tookMs = Math.round(performance.now() - startedMs);
    if (end.type === "reset" || isStatus(end, statusOf.DEADLINE_EXCEEDED, statusOf.CANCELLED)) {
      if (tookMs >= deadlineMs - 50) return passed("seen on health's Watch");
      return failed(
        `a call with a deadline of ${deadlineMs} ms ended after ${tookMs} ms`,
        "its whole time",
        "read grpc-timeout with its unit",
      );
    }
    return failed(
      end.type === "open"
        ? `a watch with a deadline of ${deadlineMs} ms was still open after ${tookMs} ms`
        : `a watch with a deadline of ${deadlineMs} ms ended with ${endText(end)}`,
      "DEADLINE_EXCEEDED, CANCELLED or a reset, soon after the deadline: a caller that is gone cannot say so",
      "end calls by grpc-timeout on the server's side, and let handlers see that",
    );
  },
};

const cancelled = 200;
const batch = 20;

const cancellation: Check = {
  rule: "CALL-5",
  level: "must",
  title: "cancelled calls leave nothing behind",
  after: ["HEALTH-4"],
  async run(subject) {
    using connection = await subject.openConnection();
    for (let done = 0; done < cancelled; done += batch) {
      const calls = Array.from({ length: batch }, () =>
        connection.call({ path: healthPath("Watch"), body: healthRequest(""), waitMs: subject.waitMs }),
      );
      await Promise.all(calls.map(({ first }) => first));
      for (const call of calls) call.cancel();
      await Promise.all(calls.map(({ end }) => end));
    }
    const after = connection.call({
      path: healthPath("Watch"),
      body: healthRequest(""),
      waitMs: subject.waitMs,
    });
    await after.first;
    const works = statusIn(after.messages[0]) !== undefined;
    after.cancel();
    if (works && !connection.closed) return passed(`${cancelled} watches`);
    return failed(
      `after ${cancelled} watches that were cancelled, the next one is answered with ${endText(await after.end)}`,
      "a cancelled call ends at the server, and frees what it held",
      "stop handlers when their call is cancelled",
    );
  },
};

const within: Check = {
  rule: "CALL-6",
  level: "must",
  title: "deadlines, traces and errors travel within handlers",
  after: ["PORT-1"],
  run: async () =>
    skipped("a handler of the service would have to run: the scenario suite sees it (npm run interop)"),
};

export const callChecks: readonly Check[] = [
  unimplemented,
  unreadable,
  silent,
  deadline,
  cancellation,
  within,
];

// How calls end: by a deadline, by their caller, by an error.
import { Code } from "@connectrpc/connect";
import { errorDetail } from "@samspel/runtime";
import { WaitEnd } from "../../gen/samspel/scenario/v1/scenario_pb.ts";
import { clientOf, failure, parameter, same, soon, type Scenario } from "./scenario.ts";

const longMs = 10_000;
const soonSeconds = 2;

export const deadline: Scenario = async (run) => {
  const client = clientOf(run);
  const id = `${parameter(run, "run")}/late`;
  const startedAt = performance.now();
  await failure("Wait", Code.DeadlineExceeded, client.wait({ id, ms: longMs }, { timeoutMs: 300 }));
  same("it fails within 2 s", performance.now() - startedAt < 2_000, true);
  await soon(
    "the handler is told",
    soonSeconds,
    async () => (await client.waited({ id })).end === WaitEnd.CANCELLED,
  );
  const within = await client.wait({ id: `${id}/5`, ms: 1 }, { timeoutMs: 5_000 });
  same(`${within.deadlineLeftMs} is 1 to 5,000`, isWithin(within.deadlineLeftMs, 5_000), true);
  const byDefault = await client.wait({ id: `${id}/default`, ms: 1 });
  same(`${byDefault.deadlineLeftMs} is 1 to 10,000`, isWithin(byDefault.deadlineLeftMs, 10_000), true);
};

function isWithin(leftMs: number, mostMs: number): boolean {
  return leftMs >= 1 && leftMs <= mostMs;
}

export const cancellation: Scenario = async (run) => {
  const client = clientOf(run);
  const id = `${parameter(run, "run")}/cancelled`;
  const left = new AbortController();
  const call = failure("Wait", Code.Canceled, client.wait({ id, ms: longMs }, { signal: left.signal }));
  await soon(
    "the handler runs",
    soonSeconds,
    async () => (await client.waited({ id })).end === WaitEnd.WAITING,
  );
  left.abort();
  await call;
  await soon(
    "the handler is told",
    soonSeconds,
    async () => (await client.waited({ id })).end === WaitEnd.CANCELLED,
  );
};

export const errorDetails: Scenario = async (run) => {
  const client = clientOf(run);
  const refused = await failure(
    "Fail",
    Code.FailedPrecondition,
    client.fail({
      code: Code.FailedPrecondition,
      message: "zu spät",
      reason: "SCENARIO_LATE",
      metadata: { limit: "3" },
    }),
  );
  const detail = errorDetail(refused);
  same("message", refused.rawMessage, "zu spät");
  same("reason", detail?.code, "SCENARIO_LATE");
  same("retryable", detail?.retryable, false);
  same("metadata", { ...detail?.metadata }, { limit: "3" });
  const away = await failure(
    "Fail",
    Code.Unavailable,
    client.fail({ code: Code.Unavailable, message: "away", reason: "SCENARIO_AWAY", retryable: true }),
  );
  same("reason", errorDetail(away)?.code, "SCENARIO_AWAY");
  same("retryable", errorDetail(away)?.retryable, true);
};

export const unknownError: Scenario = async (run) => {
  const error = await failure("Fail", Code.Internal, clientOf(run).fail({ crash: true, message: "secret" }));
  same("message", error.rawMessage, "internal error");
  same("details", error.details, []);
};

import { Code, ConnectError } from "@connectrpc/connect";
import t from "tap";
import { reject, SamspelError, toConnectError } from "../errors/index.ts";
import { judge } from "./verdict.ts";

const verdictOf = (error: unknown): string => judge(error).type;

t.test("judge() takes a handler's no for final, unless it says that a retry may help", async (t) => {
  t.equal(verdictOf(reject(Code.FailedPrecondition, "no")), "rejected");
  t.equal(verdictOf(reject(Code.NotFound, "no")), "rejected");
  t.equal(verdictOf(new ConnectError("no", Code.InvalidArgument)), "rejected");
  t.equal(verdictOf(toConnectError(reject(Code.AlreadyExists, "of a called service"))), "rejected");
  t.equal(verdictOf(reject(Code.FailedPrecondition, "not yet", { retryable: true })), "failed");
  t.equal(verdictOf(reject(Code.Unavailable, "come back")), "failed");
  t.equal(verdictOf(new SamspelError("SAMSPEL_INVALID_REQUEST", "no key")), "rejected");
});

t.test("judge() tries again what failed, a called service's troubles too", async (t) => {
  for (const error of [
    new Error("a bug"),
    "a string",
    new ConnectError("late", Code.DeadlineExceeded),
    new ConnectError("gone", Code.Unavailable),
    toConnectError(new SamspelError("SAMSPEL_DATABASE_UNREACHABLE", "of a called service")),
    new SamspelError("SAMSPEL_JOURNAL_CORRUPT", "an operator may mend it"),
    new SamspelError("SAMSPEL_EVENT_UNKNOWN", "another version may know it"),
  ])
    t.equal(verdictOf(error), "failed", String(error));
});

t.test("judge() blames a misconfigured instance, not the tell that met it", async (t) => {
  t.equal(verdictOf(new SamspelError("SAMSPEL_INVALID_CONFIGURATION", "NATS_URL")), "failed");
});

t.test("judge() postpones what this instance lacks", async (t) => {
  for (const code of [
    "SAMSPEL_DATABASE_UNREACHABLE",
    "SAMSPEL_DATABASE_FULL",
    "SAMSPEL_BROKER_UNREACHABLE",
    "SAMSPEL_OVERLOADED",
    "SAMSPEL_DRAINING",
    "SAMSPEL_LEASE_LOST",
  ] as const)
    t.equal(verdictOf(new SamspelError(code, "")), "postponed", code);
  t.equal(
    verdictOf(Object.assign(new Error("terminating"), { code: "57P01" })),
    "postponed",
    "of Postgres itself",
  );
});

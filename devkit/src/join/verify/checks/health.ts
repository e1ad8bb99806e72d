// HEALTH: grpc.health.v1, by which the registry, Kubernetes and callers learn whether calls are welcome.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthCheckResponseSchema,
} from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";
import { failed, judged, passed, type Check, type Problem } from "../check.ts";
import { endText, isStatus, statusOf, type CallEnd } from "../grpc/index.ts";
import { isInfrastructure } from "../reflection.ts";
import type { Subject } from "../subject.ts";

export function healthPath(method: "Check" | "Watch"): string {
  return `/grpc.health.v1.Health/${method}`;
}

export function healthRequest(service: string): Uint8Array {
  return toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service }));
}

/** A name that nobody serves. */
export const nobody = "samspel.verify.v1.NobodyServesThis";

async function check(
  subject: Subject,
  service: string,
): Promise<{ readonly end: CallEnd; readonly status: Status | undefined }> {
  const connection = await subject.connection();
  const { end, messages } = await connection.unary({
    path: healthPath("Check"),
    body: healthRequest(service),
    waitMs: subject.waitMs,
  });
  return { end, status: statusIn(messages[0]) };
}

export function statusIn(message: Uint8Array | undefined): Status | undefined {
  if (message === undefined) return undefined;
  try {
    return fromBinary(HealthCheckResponseSchema, message).status;
  } catch {
    return undefined;
  }
}

const statusNames: ReadonlyMap<number, string> = new Map(
  Object.entries(Status).map(([name, number]) => [number, name]),
);

function statusName(status: Status): string {
  return statusNames.get(status) ?? `status ${status}`;
}

function answerText({ end, status }: { readonly end: CallEnd; readonly status: Status | undefined }): string {
  return status === undefined ? endText(end) : statusName(status);
}

const whole: Check = {
  rule: "HEALTH-1",
  level: "must",
  title: 'health of "" is SERVING',
  after: ["PORT-1"],
  async run(subject) {
    const answer = await check(subject, "");
    if (isStatus(answer.end, statusOf.OK) && answer.status === Status.SERVING) return passed();
    if (isStatus(answer.end, statusOf.PERMISSION_DENIED, statusOf.UNAUTHENTICATED)) {
      return failed(
        `the service does not let us in: ${endText(answer.end)}`,
        "a caller that the intentions allow",
        `allow ${subject.options.as ?? "samspel-verify"} to call it for as long as it is verified`,
      );
    }
    return failed(
      `Check of "" is answered with ${answerText(answer)}`,
      "SERVING, from the moment that it registers until it stops",
      "serve grpc.health.v1.Health with the library's own implementation, and set the empty name",
    );
  },
};

const each: Check = {
  rule: "HEALTH-2",
  level: "must",
  title: "health of each served proto service is SERVING",
  after: ["HEALTH-1", "REFL-1"],
  async run(subject) {
    const problems: Problem[] = [];
    const served = (await subject.listed()).names.filter((name) => !isInfrastructure(name));
    for (const name of served) {
      const answer = await check(subject, name);
      if (isStatus(answer.end, statusOf.OK) && answer.status === Status.SERVING) continue;
      problems.push({
        found: `Check of ${name} is answered with ${answerText(answer)}`,
        must: "SERVING for each full name: callers and checks may ask for one of them",
        mend: `set the health status of ${name}`,
      });
    }
    return judged(problems);
  },
};

const unknown: Check = {
  rule: "HEALTH-3",
  level: "must",
  title: "health of an unknown name is NOT_FOUND",
  after: ["HEALTH-1"],
  async run(subject) {
    const answer = await check(subject, nobody);
    if (isStatus(answer.end, statusOf.NOT_FOUND)) return passed();
    return failed(
      `Check of ${nobody} is answered with ${answerText(answer)}`,
      "NOT_FOUND: a check of a name that is gone must not pass",
      "answer by name, and not the same to all",
    );
  },
};

/** What a watch says first, or how it ended. */
async function watched(subject: Subject, service: string): Promise<string> {
  const connection = await subject.connection();
  const call = connection.call({
    path: healthPath("Watch"),
    body: healthRequest(service),
    waitMs: subject.waitMs,
  });
  await call.first;
  const status = statusIn(call.messages[0]);
  call.cancel();
  return status === undefined ? endText(await call.end) : statusName(status);
}

const watch: Check = {
  rule: "HEALTH-4",
  level: "should",
  title: "health can be watched",
  after: ["HEALTH-1"],
  async run(subject) {
    const said = await watched(subject, "");
    if (said === "SERVING") return passed();
    return failed(
      `Watch of "" says ${said}`,
      "SERVING at once, and each change of it",
      "serve Watch with the library's own implementation of health",
    );
  },
};

const watchUnknown: Check = {
  rule: "HEALTH-5",
  level: "should",
  title: "health of an unknown name can be watched",
  after: ["HEALTH-4"],
  async run(subject) {
    const said = await watched(subject, nobody);
    if (said === "SERVICE_UNKNOWN") return passed();
    return failed(
      `Watch of ${nobody} says ${said}`,
      "SERVICE_UNKNOWN, and the status when it is served later",
      "some libraries end it with NOT_FOUND, which callers can live with",
    );
  },
};

export const healthChecks: readonly Check[] = [whole, each, unknown, watch, watchUnknown];

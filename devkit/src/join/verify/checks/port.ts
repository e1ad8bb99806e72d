// PORT: the port of a service, as connections see it. What needs a call uses health, which every service has.
import { create, toBinary } from "@bufbuild/protobuf";
import { HealthCheckRequestSchema } from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";
import { failed, passed, type Check } from "../check.ts";
import { endText, hostText, isStatus, reasonOf, statusOf } from "../grpc/index.ts";
import { healthPath } from "./health.ts";

const speaksHttp2: Check = {
  rule: "PORT-1",
  level: "must",
  title: "its port answers HTTP/2",
  after: ["REG-1", "REG-4"],
  async run(subject) {
    const { transport, reasons } = await subject.transport();
    if (transport !== undefined) return passed(transport.type);
    const { host, port } = subject.place;
    return failed(
      `${hostText(host)}:${port} does not speak HTTP/2: ${reasons.join("; ")}`,
      "HTTP/2 by prior knowledge, or TLS with h2 by ALPN",
      "see that the service runs, that its address can be reached from here, and that a gRPC server listens there",
    );
  },
};

const streamsAtOnce = 20;

const concurrent: Check = {
  rule: "PORT-2",
  level: "must",
  title: `it answers ${streamsAtOnce} calls at once on one connection`,
  after: ["HEALTH-1"],
  async run(subject) {
    using connection = await subject.openConnection();
    const calls = await Promise.all(
      Array.from({ length: streamsAtOnce }, () =>
        connection.unary({ path: healthPath("Check"), waitMs: subject.waitMs }),
      ),
    );
    const wrong = calls.filter(({ end }) => !isStatus(end, statusOf.OK));
    const [first] = wrong;
    if (first === undefined) return passed();
    return failed(
      `${wrong.length} of ${streamsAtOnce} calls at once failed, the first with ${endText(first.end)}`,
      "at least 100 streams at once, as HTTP/2 advises",
      "raise the server's limit of concurrent streams",
    );
  },
};

const alive: Check = {
  rule: "PORT-3",
  level: "must",
  title: "it answers a PING and keeps the connection",
  after: ["PORT-1"],
  async run(subject) {
    using connection = await subject.openConnection();
    let answered = 0;
    try {
      let ms = 0;
      // What a server makes of the first one is here before the answer to the second.
      for (; answered < 2; answered++) ms = await connection.ping(AbortSignal.timeout(subject.waitMs));
      if (connection.goaway === undefined && !connection.closed) return passed(`${ms.toFixed(1)} ms`);
    } catch (error) {
      if (answered === 0) {
        return failed(
          `a PING was not answered: ${reasonOf(error)}`,
          "each PING is answered: callers find dead connections so",
          "leave keepalive of HTTP/2 to the gRPC library",
        );
      }
    }
    return failed(
      `the connection was closed after a PING (GOAWAY with code ${connection.goaway ?? "none"})`,
      "a PING now and then is no reason to close",
      "allow pings without calls, at least one in 5 minutes",
    );
  },
};

const metadataBytes = 6 * 1024;

const takesMetadata: Check = {
  rule: "PORT-4",
  level: "must",
  title: "it takes 6 KiB of metadata",
  after: ["HEALTH-1"],
  async run(subject) {
    const connection = await subject.openConnection();
    using _ = connection;
    const headers: Record<string, string> = { "x-samspel-verify-bin": "AAH/" };
    for (let n = 0; n < 6; n++) headers[`x-samspel-verify-${n}`] = "x".repeat(metadataBytes / 6 - 64);
    const { end } = await connection.unary({ path: healthPath("Check"), headers, waitMs: subject.waitMs });
    if (isStatus(end, statusOf.OK)) return passed();
    return failed(
      `a health check with 6 KiB of metadata was answered with ${endText(end)}`,
      "8 KiB of metadata, as gRPC has it: traces, baggage and tokens are in it",
      "raise the server's limit of the header list to 8 KiB at least",
    );
  },
};

const messageBytes = 1024 * 1024;

const takesMessage: Check = {
  rule: "PORT-5",
  level: "must",
  title: "it takes a message of 1 MiB",
  after: ["HEALTH-1"],
  async run(subject) {
    // A field that health does not know: it is read and skipped, and no answer repeats it.
    const data = new Uint8Array(messageBytes);
    const unknown = { no: 1_999, wireType: 2, data: withLength(data) };
    const request = create(HealthCheckRequestSchema);
    request.$unknown = [unknown];
    using connection = await subject.openConnection();
    const { end } = await connection.unary({
      path: healthPath("Check"),
      body: toBinary(HealthCheckRequestSchema, request),
      waitMs: subject.waitMs,
    });
    if (isStatus(end, statusOf.OK)) return passed();
    return failed(
      `a request of 1 MiB was answered with ${endText(end)}`,
      "messages of up to 4 MiB, as gRPC has it",
      "raise the limit of received messages to 4 MiB, and see that unknown fields are skipped",
    );
  },
};

/** As an unknown field of a message is kept: with its length. */
function withLength(data: Uint8Array): Uint8Array {
  const head: number[] = [];
  for (let left = data.length; ; left >>>= 7) {
    if (left < 0x80) {
      head.push(left);
      break;
    }
    head.push((left & 0x7f) | 0x80);
  }
  const result = new Uint8Array(head.length + data.length);
  result.set(head);
  result.set(data, head.length);
  return result;
}

/** What a connection needs; the rest needs health. */
export const portChecks: readonly Check[] = [speaksHttp2, alive];
export const portCallChecks: readonly Check[] = [concurrent, takesMetadata, takesMessage];

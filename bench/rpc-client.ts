// A client of the measurement of calls, in a process of its own: by one of the contenders. It does what its parent asks for
// by IPC, says what came of it, and ends with its parent.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import {
  EchoManyRequestSchema,
  EchoManyResponseSchema,
  EchoRequestSchema,
  EchoResponseSchema,
  EchoService,
} from "../test/gen/samspel/test/v1/echo_pb.ts";
import { createClients } from "../ts-runtime/src/client/index.ts";
import { closedLoop } from "./load.ts";
import { oneInstance } from "./one-instance.ts";
import { aboutItself, answerParent } from "./rpc-questions.ts";

/** Of 100 bytes, with what is around it. */
const text = "x".repeat(98);

interface Contender {
  echo(): Promise<unknown>;
  many(count: number): AsyncIterable<unknown>;
}

type Echo = Pick<ReturnType<typeof createClient<typeof EchoService>>, "echo" | "echoMany">;

function ofClient(client: Echo): Contender {
  return {
    echo: () => client.echo({ text }),
    many: (count) => client.echoMany({ text, count }, { timeoutMs: 0 }),
  };
}

function ours(port: number): Contender {
  const clients = createClients({
    registry: oneInstance(port),
  });
  return ofClient(clients.client(EchoService));
}

function path(name: string): string {
  return `/${EchoService.typeName}/${name}`;
}

function grpcJs(port: number): Contender {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return {
    echo: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          path("Echo"),
          (text: string) => Buffer.from(toBinary(EchoRequestSchema, create(EchoRequestSchema, { text }))),
          (bytes: Buffer) => fromBinary(EchoResponseSchema, bytes),
          text,
          // Ours has one, too.
          { deadline: Date.now() + 10_000 },
          (error, answer) => (error === null ? resolve(answer) : reject(error)),
        );
      }),
    many: (count) =>
      client.makeServerStreamRequest(
        path("EchoMany"),
        (count: number) =>
          Buffer.from(toBinary(EchoManyRequestSchema, create(EchoManyRequestSchema, { text, count }))),
        (bytes: Buffer) => fromBinary(EchoManyResponseSchema, bytes),
        count,
      ),
  };
}

const contenders: Readonly<Record<string, (port: number) => Contender>> = {
  samspel: ours,
  connect: (port) =>
    ofClient(
      createClient(
        EchoService,
        createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}`, defaultTimeoutMs: 10_000 }),
      ),
    ),
  "grpc-js": grpcJs,
};

async function stream(contender: Contender, count: number) {
  const startedAtMs = performance.now();
  const cpu = process.cpuUsage();
  let came = 0;
  for await (const _ of contender.many(count)) came++;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (came * 1_000) / (performance.now() - startedAtMs);
  return { perSecond, p50Ms: 0, p99Ms: 0, cpuMicros: (user + system) / came };
}

/** So many calls, and nothing kept of them. */
async function repeat(contender: Contender, inFlight: number, calls: number) {
  const startedAtMs = performance.now();
  let left = calls;
  const work = async (): Promise<void> => {
    while (left-- > 0) await contender.echo();
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return { perSecond: (calls * 1_000) / (performance.now() - startedAtMs) };
}

const [kind = "", port = ""] = process.argv.slice(2);
const contender = contenders[kind]?.(Number(port));
if (contender === undefined) throw new RangeError(`No contender is named ${kind}`);

answerParent((asked) => {
  if ("messages" in asked) return stream(contender, asked.messages);
  if ("ms" in asked) return closedLoop(() => contender.echo(), asked.inFlight, asked.ms);
  if ("calls" in asked) return repeat(contender, asked.inFlight, asked.calls);
  return aboutItself(asked);
});
process.send?.({ ready: true });

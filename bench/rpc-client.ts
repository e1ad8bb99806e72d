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

const [kind = "", port = ""] = process.argv.slice(2);
const contender = contenders[kind]?.(Number(port));
if (contender === undefined) throw new RangeError(`No contender is named ${kind}`);

process.once("disconnect", () => process.exit());
process.on(
  "message",
  (asked: { readonly inFlight: number; readonly ms: number } | { readonly messages: number }) => {
    const done =
      "messages" in asked
        ? stream(contender, asked.messages)
        : closedLoop(() => contender.echo(), asked.inFlight, asked.ms);
    done.then(
      (load) => process.send?.(load),
      (error: unknown) => {
        throw error;
      },
    );
  },
);
process.send?.({ ready: true });

// A server of the measurement of calls, in a process of its own: an echo by one of the contenders. It says its port by IPC,
// tells of itself when it is asked, and ends with its parent.
import { once } from "node:events";
import http2 from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import grpc from "@grpc/grpc-js";
import {
  EchoManyRequestSchema,
  EchoManyResponseSchema,
  EchoRequestSchema,
  EchoResponseSchema,
  EchoService,
} from "../test/gen/samspel/test/v1/echo_pb.ts";
import { createCallRules } from "../ts-runtime/src/auth/index.ts";
import { bind, startRpcServer } from "../ts-runtime/src/service/index.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import { aboutItself, answerParent } from "./rpc-questions.ts";

const echoImpl = {
  echo: ({ text }: { text: string }) => ({ text }),
  echoOnce: ({ text }: { text: string }) => ({ text }),
  async *echoMany({ text, count }: { text: string; count: number }) {
    for (let index = 0; index < count; index++) yield { text };
  },
  echoJoined: async () => ({}),
  async *echoEach() {},
};

/** With all that a service has switched on: limits, policies, rules of who may call. */
async function startOurs(): Promise<number> {
  const logger = createLogger({ service: "bench", level: "warn" });
  const server = await startRpcServer({
    logger,
    bindings: [bind(EchoService, echoImpl)],
    auth: {
      rules: createCallRules({ service: "bench", default: "allow", knowsServices: false, knowsUsers: false }),
      verify: undefined,
    },
  });
  return server.port;
}

function routes(router: ConnectRouter): void {
  router.service(EchoService, echoImpl);
}

function path(name: string): string {
  return `/${EchoService.typeName}/${name}`;
}

async function startConnect(): Promise<number> {
  const server = http2.createServer(connectNodeAdapter({ routes })).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

async function startGrpcJs(): Promise<number> {
  const server = new grpc.Server();
  server.addService(
    {
      echo: {
        path: path("Echo"),
        requestStream: false,
        responseStream: false,
        requestDeserialize: (bytes: Buffer) => fromBinary(EchoRequestSchema, bytes),
        requestSerialize: () => Buffer.alloc(0),
        responseSerialize: ({ text }: { text: string }) =>
          Buffer.from(toBinary(EchoResponseSchema, create(EchoResponseSchema, { text }))),
        responseDeserialize: () => undefined,
      },
      echoMany: {
        path: path("EchoMany"),
        requestStream: false,
        responseStream: true,
        requestDeserialize: (bytes: Buffer) => fromBinary(EchoManyRequestSchema, bytes),
        requestSerialize: () => Buffer.alloc(0),
        responseSerialize: ({ text }: { text: string }) =>
          Buffer.from(toBinary(EchoManyResponseSchema, create(EchoManyResponseSchema, { text }))),
        responseDeserialize: () => undefined,
      },
    },
    {
      echo: (
        { request }: grpc.ServerUnaryCall<{ text: string }, { text: string }>,
        reply: grpc.sendUnaryData<{ text: string }>,
      ) => reply(null, { text: request.text }),
      echoMany(call: grpc.ServerWritableStream<{ text: string; count: number }, { text: string }>) {
        const { text, count } = call.request;
        let index = 0;
        const write = (): void => {
          while (index++ < count) if (!call.write({ text })) return void call.once("drain", write);
          call.end();
        };
        write();
      },
    },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

const starts: Readonly<Record<string, () => Promise<number>>> = {
  samspel: startOurs,
  connect: startConnect,
  "grpc-js": startGrpcJs,
};

answerParent((asked) => aboutItself("inFlight" in asked || "messages" in asked ? {} : asked));
process.send?.({ port: await starts[process.argv[2] ?? ""]?.() });

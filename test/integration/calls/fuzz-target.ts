// What bytes are drawn for: a server, or a gateway before one, with a way to see that it is unharmed.
import http2, { type ClientHttp2Session } from "node:http2";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { startGateway } from "samspel/gateway";
import type { Test } from "tap";
import {
  EchoOnceRequestSchema,
  EchoOnceResponseSchema,
  EchoService,
} from "../../gen/samspel/test/v1/echo_pb.ts";
import { openDescriptors } from "../../support/open-descriptors.ts";
import { rawCall } from "../../support/raw-grpc.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { startEcho } from "./echo-server.ts";
import { maxBytes } from "./fuzz.ts";

export const service = "/samspel.test.v1.EchoService";
export const encode = (text: string): Uint8Array =>
  toBinary(EchoOnceRequestSchema, create(EchoOnceRequestSchema, { text }));

export interface Target {
  readonly port: number;
  readonly session: ClientHttp2Session;
  /** Of the calls that came to a handler. */
  readonly contexts: HandlerContext[];
  /** Fails unless it answers as ever, on a connection that does nothing else. */
  answers(): Promise<void>;
  /** Fails where something is left of what came, and holds up the stop (A2), or where it was a failure of its own. */
  isUnharmed(): Promise<void>;
}

export async function startServerTarget(t: Test): Promise<Target> {
  const { logger, lines } = recordingLogger();
  const { server, contexts } = await startEcho(t, { logger, maxReceiveBytes: maxBytes });
  const sessions = sessionsTo(t, server.port);
  return {
    ...sessions,
    port: server.port,
    contexts,
    async isUnharmed() {
      sessions.close();
      await server.drain(20_000);
      t.same(lines.filter(isLoud), []);
    },
  };
}

export async function startGatewayTarget(t: Test): Promise<Target> {
  const { logger, lines } = recordingLogger();
  const { server, contexts } = await startEcho(t, { maxReceiveBytes: maxBytes });
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const registry = createRegistry({ url: embedded.url });
  t.teardown(() => registry.close());
  await registry.register({
    name: "echo",
    address: "127.0.0.1",
    port: server.port,
    protoServices: server.protoServices,
    descriptors: openDescriptors(EchoService),
  });
  const gateway = await startGateway({ registryUrl: embedded.url, logger, maxMessageBytes: maxBytes });
  await gateway.ready;
  t.teardown(() => gateway.close());
  const sessions = sessionsTo(t, gateway.port);
  return {
    ...sessions,
    port: gateway.port,
    contexts,
    async isUnharmed() {
      sessions.close();
      await gateway.close();
      t.same(lines.filter(isLoud), []);
    },
  };
}

function isLoud({ level }: { readonly level: string }): boolean {
  return level === "warn" || level === "error";
}

function sessionsTo(t: Test, port: number) {
  const [session, other] = [
    http2.connect(`http://127.0.0.1:${port}`),
    http2.connect(`http://127.0.0.1:${port}`),
  ];
  const close = (): void => [session, other].forEach((one) => one.destroy());
  t.teardown(close);
  const message = encode("hej");
  const frame = Buffer.concat([Buffer.alloc(5), message]);
  frame.writeUInt32BE(message.length, 1);
  return {
    session,
    close,
    async answers() {
      const { statuses, blocks, body } = await rawCall(other, {
        path: `${service}/EchoOnce`,
        chunks: [frame],
      });
      const isAnswer =
        statuses[0] === "0" && fromBinary(EchoOnceResponseSchema, body.subarray(5)).text === "hej";
      if (!isAnswer) throw new Error(`others are answered with ${JSON.stringify(blocks)}`);
    },
  };
}

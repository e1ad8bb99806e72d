// Connect's own clients of one server, without a registry.
import { createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { RpcServer } from "../../../ts-runtime/src/service/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";

type EchoClient = Client<typeof EchoService>;

/** By gRPC. */
export function http2Client({ port }: Pick<RpcServer, "port">): EchoClient {
  return createClient(EchoService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
}

/** By Connect. */
export function http1Client({ port }: Pick<RpcServer, "port">): EchoClient {
  const baseUrl = `http://127.0.0.1:${port}`;
  return createClient(EchoService, createConnectTransport({ baseUrl, httpVersion: "1.1" }));
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

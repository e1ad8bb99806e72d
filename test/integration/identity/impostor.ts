// A server that stands in the registry as an instance of a service, and shows whatever certificate it is given.
import http2 from "node:http2";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createRegistry } from "@samspel/registry";
import type { Shown } from "../../support/certificate-authority.ts";

export interface Impostor extends AsyncDisposable {
  /** How many calls it got. */
  readonly requests: number;
}

export async function startImpostor(options: {
  readonly url: string;
  readonly name: string;
  readonly protoService: string;
  /** Undefined for plaintext. */
  readonly shown: Shown | undefined;
}): Promise<Impostor> {
  const { url, name, protoService, shown } = options;
  let requests = 0;
  const server =
    shown === undefined
      ? http2.createServer()
      : http2.createSecureServer({ ...shown, requestCert: true, rejectUnauthorized: false });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream) => {
    requests++;
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": "0" },
      { endStream: true },
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const registry = createRegistry({ url });
  await registry.register({
    name,
    address: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    protoServices: [protoService],
    secure: shown !== undefined,
    check: { type: "none" },
  });
  return {
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      await registry.close();
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

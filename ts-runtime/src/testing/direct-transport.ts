// Calls to one instance, wherever it listens now: past the registry, so that a call needs to wait for no watch.
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/** A transport whose address may change between calls. */
export interface DirectTransport extends Transport {
  /** Sends all later calls to this URL; those under way to another one end. */
  connect(url: string): void;
  /** Ends the connection. */
  close(): void;
}

const timeoutMs = 10_000;

export function createDirectTransport(): DirectTransport {
  let session: Http2SessionManager | undefined;
  let current: Transport | undefined;
  const target = (): Transport => {
    if (current === undefined) throw new Error("Cannot call the test service as it is stopped");
    return current;
  };
  const close = (): void => {
    session?.abort();
    session = undefined;
    current = undefined;
  };
  return {
    connect(url) {
      close();
      session = new Http2SessionManager(url);
      current = createGrpcTransport({ baseUrl: url, sessionManager: session, defaultTimeoutMs: timeoutMs });
    },
    close,
    unary: (method, signal, timeoutMs, header, input, contextValues) =>
      target().unary(method, signal, timeoutMs, header, input, contextValues),
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      target().stream(method, signal, timeoutMs, header, input, contextValues),
  };
}

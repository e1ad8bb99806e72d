// What connect-node 2.2 leaves out of the life of a session, so that every call ends.
//
//   G1. The error of a session that ends is heard. connect-node destroys one at a GOAWAY, and may stop to listen before
//       the error of that comes; nobody would hear it, and that ends the process.
//   G2. A stream that is cut together with its session may close without a code and without an end, in the middle of an
//       answer or before it. connect-node waits on; here it fails as one that lost its connection.
import type { ClientHttp2Stream, Http2Session } from "node:http2";
import type { Http2SessionManager } from "@connectrpc/connect-node";

type Sessions = Pick<Http2SessionManager, "authority" | "request" | "notifyResponseByteRead">;

/** A session manager whose calls end, however the session does. */
export function guarded(manager: Http2SessionManager): Sessions {
  const heard = new WeakSet<Http2Session>();
  return {
    authority: manager.authority,
    async request(...call) {
      const stream = await manager.request(...call);
      failIfCut(stream);
      const { session } = stream;
      if (session !== undefined && !heard.has(session)) {
        heard.add(session);
        session.on("error", () => {});
      }
      return stream;
    },
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
  };
}

/** G2. */
function failIfCut(stream: ClientHttp2Stream): void {
  let answered = false;
  stream.once("response", () => (answered = true));
  stream.on("error", () => {});
  const fail = (): void => {
    // With an end of its own, Node closes a stream only after its reader has come to it.
    if (answered && stream.readableEnded) return;
    // Not before whoever made the request could listen.
    setImmediate(() => {
      const error = new Error("the connection ended before the answer did");
      stream.emit("error", Object.assign(error, { code: "ECONNRESET" }));
    });
  };
  if (stream.closed) fail();
  else stream.once("close", fail);
}

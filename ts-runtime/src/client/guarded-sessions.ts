// What connect-node 2.2 and Node leave out of the life of a session, so that every call ends.
//
//   G1. The error of a session that ends is heard. connect-node destroys one at a GOAWAY, and may stop to listen before
//       the error of that comes; nobody would hear it, and that ends the process.
//   G2. A server that goes away says up to which stream it answers (RFC 9113, 6.8). Node lets later ones wait, for ever
//       where they have no deadline. They were never looked at, so they end as refused.
//   G3. A stream that is cut together with its session may close without a code and without an answer, which connect-node
//       does not take for an end. It fails as one that lost its connection.
import { constants, type ClientHttp2Stream, type Http2Session } from "node:http2";
import type { Http2SessionManager } from "@connectrpc/connect-node";

type Sessions = Pick<Http2SessionManager, "authority" | "request" | "notifyResponseByteRead">;

/** A session manager whose calls end, however the session does. */
export function guarded(manager: Http2SessionManager): Sessions {
  const followed = new WeakMap<Http2Session, FollowedSession>();
  return {
    authority: manager.authority,
    async request(...call) {
      const stream = await manager.request(...call);
      failIfUnanswered(stream);
      const { session } = stream;
      if (session === undefined) return stream;
      const known = followed.get(session) ?? follow(session);
      followed.set(session, known);
      known.begin(stream);
      return stream;
    },
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
  };
}

interface FollowedSession {
  begin(stream: ClientHttp2Stream): void;
}

function follow(session: Http2Session): FollowedSession {
  const streams = new Set<ClientHttp2Stream>();
  let lastAnswered = Infinity;
  const refuse = (stream: ClientHttp2Stream): void => {
    if (stream.id !== undefined && stream.id > lastAnswered) stream.close(constants.NGHTTP2_REFUSED_STREAM);
  };
  session.on("error", () => {});
  session.on("goaway", (_code: number, lastStreamId: number) => {
    lastAnswered = Math.min(lastAnswered, lastStreamId);
    for (const stream of streams) refuse(stream);
  });
  return {
    begin(stream) {
      streams.add(stream);
      stream.once("close", () => streams.delete(stream));
      refuse(stream);
    },
  };
}

/** G3. */
function failIfUnanswered(stream: ClientHttp2Stream): void {
  let answered = false;
  stream.once("response", () => (answered = true));
  stream.on("error", () => {});
  const fail = (): void => {
    if (answered) return;
    // Not before whoever made the request could listen.
    setImmediate(() => {
      const error = new Error("the connection ended before an answer");
      stream.emit("error", Object.assign(error, { code: "ECONNRESET" }));
    });
  };
  if (stream.closed) fail();
  else stream.once("close", fail);
}

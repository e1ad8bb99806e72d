// Which HTTP a connection speaks: HTTP/2 opens with the preface `PRI * HTTP/2.0`, and no method of HTTP/1.1 does.
import type { Socket } from "node:net";

const prefaceStart = "PRI";
const prefaceTimeoutMs = 10_000;

/** Says of a fresh connection whether it speaks HTTP/2, with its bytes put back; closes one that says nothing (L1). */
export function tellApart(socket: Socket, tell: (isHttp2: boolean) => void): void {
  const onError = (): void => void socket.destroy();
  let start: Buffer = Buffer.alloc(0);
  const onReadable = (): void => {
    const chunk: unknown = socket.read();
    if (!Buffer.isBuffer(chunk)) return;
    start = Buffer.concat([start, chunk]);
    const text = start.toString("latin1", 0, prefaceStart.length);
    // Not put back yet: that would make the socket readable at once, for ever, and nothing else would run.
    if (text.length < prefaceStart.length && prefaceStart.startsWith(text)) return;
    socket.off("readable", onReadable).off("error", onError).off("timeout", onError).off("end", onError);
    socket.setTimeout(0);
    socket.unshift(start);
    tell(text === prefaceStart);
  };
  socket.setTimeout(prefaceTimeoutMs);
  socket.on("readable", onReadable).on("error", onError).on("timeout", onError).on("end", onError);
}

// Which HTTP a connection speaks: HTTP/2 opens with the preface `PRI * HTTP/2.0`, and no method of HTTP/1.1 does.
import type { Socket } from "node:net";

const prefaceStart = "PRI";
const prefaceTimeoutMs = 10_000;

/** Says of a fresh connection whether it speaks HTTP/2, with its bytes put back; closes one that says nothing (L1). */
export function tellApart(socket: Socket, tell: (isHttp2: boolean) => void): void {
  const onError = (): void => void socket.destroy();
  const onReadable = (): void => {
    const start: unknown = socket.read();
    if (!Buffer.isBuffer(start)) return;
    const text = start.toString("latin1", 0, prefaceStart.length);
    socket.unshift(start);
    if (text.length < prefaceStart.length && prefaceStart.startsWith(text)) return;
    socket.off("readable", onReadable).off("error", onError).off("timeout", onError).off("end", onError);
    socket.setTimeout(0);
    tell(text === prefaceStart);
  };
  socket.setTimeout(prefaceTimeoutMs);
  socket.on("readable", onReadable).on("error", onError).on("timeout", onError).on("end", onError);
}

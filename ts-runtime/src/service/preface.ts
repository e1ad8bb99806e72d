// What a connection speaks, by its first bytes: HTTP/2 opens with the preface `PRI * HTTP/2.0`, which no method of
// HTTP/1.1 does, and TLS with a handshake record, which is neither.
import type { Socket } from "node:net";

const prefaceStart = "PRI";
const tlsHandshake = 0x16;

/** What a connection begins with. */
export type Opening = "h2" | "http1" | "tls";

/** Says of a fresh connection what it speaks, with its bytes put back; closes one that says nothing for `silentMs` (L1). */
export function tellApart(socket: Socket, silentMs: number, tell: (opening: Opening) => void): void {
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
    if (start[0] === tlsHandshake) tell("tls");
    else tell(text === prefaceStart ? "h2" : "http1");
  };
  socket.setTimeout(silentMs);
  socket.on("readable", onReadable).on("error", onError).on("timeout", onError).on("end", onError);
}

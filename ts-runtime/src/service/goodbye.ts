// The last words to a peer that is not let in, in the HTTP that it speaks, so that it can say why in its own log.
import http2 from "node:http2";
import type { Duplex } from "node:stream";

const goodbyeMs = 1_000;
const settingsType = 4;
const goawayType = 7;

/** Tells a peer why it is turned away and closes; nothing that it sends is read. */
export function turnAway(socket: Duplex, protocol: "h2" | "http1", reason: string): void {
  socket.on("error", () => socket.destroy());
  socket.end(protocol === "h2" ? http2Goodbye(reason) : http1Goodbye(reason));
  // Unread bytes would make the close a reset, which overtakes what was written.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), goodbyeMs);
  socket.once("close", () => clearTimeout(timer));
}

/** An empty SETTINGS, which a server begins with, and a GOAWAY by which no stream was taken (RFC 9113, 3.4 and 6.8). */
function http2Goodbye(reason: string): Buffer {
  const debug = Buffer.from(reason);
  const payload = Buffer.alloc(8 + debug.length);
  payload.writeUInt32BE(http2.constants.NGHTTP2_INADEQUATE_SECURITY, 4);
  debug.copy(payload, 8);
  return Buffer.concat([frameHeader(0, settingsType), frameHeader(payload.length, goawayType), payload]);
}

function frameHeader(length: number, type: number): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(length, 0, 3);
  header.writeUInt8(type, 3);
  return header;
}

function http1Goodbye(reason: string): string {
  return `HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`;
}

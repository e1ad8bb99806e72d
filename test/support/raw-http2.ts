// HTTP/2 by hand, for peers that no library would be: frames as RFC 9113 has them, headers without Huffman coding.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Test } from "tap";

export const frameTypes = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const;

export function frame(type: number, flag: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flag, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** A literal field without indexing (RFC 7541, 6.2.2), for names and values of less than 127 bytes. */
function field(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

/** The headers of a gRPC call. */
export function callFields(path: string): Buffer {
  return Buffer.concat([
    field(":method", "POST"),
    field(":scheme", "http"),
    field(":path", path),
    field(":authority", "test"),
    field("content-type", "application/grpc"),
    field("te", "trailers"),
  ]);
}

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A connection that speaks for itself. */
export interface RawConnection {
  readonly socket: Socket;
  /** Resolves when the server has closed it. */
  readonly closed: Promise<void>;
  /** Whether it stands. */
  readonly isOpen: boolean;
  /** How many frames of a type have come. */
  count(type: number): number;
  /** Writes, and waits where the other side is slow to take it; less where it has closed. */
  send(...frames: Buffer[]): Promise<void>;
}

/** Connects; says the preface and empty settings, unless `begins` is less. */
export async function rawConnection(
  t: Test,
  port: number,
  begins: Buffer = Buffer.concat([preface, frame(frameTypes.settings, 0, 0)]),
): Promise<RawConnection> {
  const socket = connect(port, "127.0.0.1");
  t.teardown(() => socket.destroy());
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  const counts = new Map<number, number>();
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const type = rest.readUInt8(3);
      counts.set(type, (counts.get(type) ?? 0) + 1);
      rest = rest.subarray(9 + rest.readUIntBE(0, 3));
    }
  });
  socket.write(begins);
  return {
    socket,
    closed,
    get isOpen() {
      return !socket.destroyed;
    },
    count: (type) => counts.get(type) ?? 0,
    async send(...frames) {
      if (socket.destroyed || socket.write(Buffer.concat(frames))) return;
      await Promise.race([once(socket, "drain"), closed]);
    },
  };
}

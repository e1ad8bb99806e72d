// HTTP/2 byte by byte, for what no library would send.

/** RFC 9113, 6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const frameFlags = { endStream: 1, ack: 1, endHeaders: 4 } as const;

export const preface: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const headerBytes = 9;

/** A frame (RFC 9113, 4.1). */
export function http2Frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** The types of the frames whose headers stand in some bytes. */
export function frameTypesOf(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + headerBytes <= bytes.length; at += headerBytes + bytes.readUIntBE(at, 3))
    types.push(bytes[at + 3] ?? 0);
  return types;
}

/** A field that is not indexed (RFC 7541, 6.2.2), with a short name and a value of any length. */
function hpackLiteral(name: string, value: string): Buffer {
  const length: number[] = [];
  let rest = value.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from(length),
    Buffer.from(value, "latin1"),
  ]);
}

/** A block of fields, in their order. */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => hpackLiteral(name, value)));
}

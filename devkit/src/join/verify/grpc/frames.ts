// Messages of gRPC on the wire: each has a byte that says whether it is compressed, and its length in four bytes.

const headBytes = 5;

export function frameOf(message: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Takes whole messages out of what arrives in pieces. */
export function createFrameReader(): (chunk: Buffer) => readonly Uint8Array[] {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    const messages: Uint8Array[] = [];
    while (pending.length >= headBytes) {
      const end = headBytes + pending.readUInt32BE(1);
      if (pending.length < end) break;
      messages.push(new Uint8Array(pending.subarray(headBytes, end)));
      pending = pending.subarray(end);
    }
    return messages;
  };
}

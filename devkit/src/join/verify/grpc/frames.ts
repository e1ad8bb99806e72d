// Messages of gRPC on the wire: each has a byte that says whether it is compressed, and its length in four bytes.

const headBytes = 5;

export function frameOf(message: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Takes whole messages out of what arrives in pieces, which are joined once for each message. */
export function createFrameReader(): (chunk: Buffer) => readonly Uint8Array[] {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let wanted = headBytes;
  return (chunk) => {
    pieces.push(chunk);
    bytes += chunk.length;
    const messages: Uint8Array[] = [];
    while (bytes >= wanted) {
      const joined = Buffer.concat(pieces);
      const end = headBytes + joined.readUInt32BE(1);
      wanted = end;
      pieces = [joined];
      if (bytes < end) break;
      messages.push(new Uint8Array(joined.subarray(headBytes, end)));
      pieces = [joined.subarray(end)];
      bytes -= end;
      wanted = headBytes;
    }
    return messages;
  };
}

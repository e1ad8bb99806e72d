// The header `grpc-message`: UTF-8, of which all but printable ASCII is percent-encoded.

const needsNone = /^[ -$&-~]*$/;
const byteOf = /%[0-9A-Fa-f]{2}/g;

/** As gRPC has it: a byte stays where it is from space to tilde and no percent sign. */
export function encodeText(message: string): string {
  if (needsNone.test(message)) return message;
  let encoded = "";
  for (const byte of Buffer.from(message)) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** Never fails: what is not well encoded stays as it came, as gRPC asks for. */
export function decodeText(encoded: string): string {
  if (!encoded.includes("%")) return encoded;
  // One character a byte, so that what was encoded byte by byte comes together again.
  const decoded = encoded.replace(byteOf, (match) =>
    String.fromCharCode(Number.parseInt(match.slice(1), 16)),
  );
  return Buffer.from(decoded, "latin1").toString();
}

// Finds where calls and answers begin in the bytes of an HTTP/2 connection, so that a fault can wait for the next one and
// let through what only opens the connection or keeps it.

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const frameHeaderBytes = 9;
const settings = 0x4;
/** DATA, HEADERS and CONTINUATION. */
const callFrames: ReadonlySet<number> = new Set([0x0, 0x1, 0x9]);

/** Reads one direction of a connection, from its first byte. */
export interface CallScan {
  /**
   * Reads on, and says where in `bytes` the first call or answer is: an index, or undefined where there is none. Of what is
   * no HTTP/2 in plaintext, everything counts.
   */
  read(bytes: Buffer): number | undefined;
}

export function createCallScan(): CallScan {
  let state: "start" | "frames" | "foreign" = "start";
  /** What is known of the preface, and of the header of a frame that is not whole yet. */
  let partial: Buffer = Buffer.alloc(0);
  /** How much of the current frame is still to come, and whether it belongs to a call. */
  let leftBytes = 0;
  let inCall = false;

  const readFrames = (bytes: Buffer): number | undefined => {
    let found: number | undefined;
    let at = 0;
    while (at < bytes.length) {
      if (leftBytes > 0) {
        if (inCall) found ??= at;
        const step = Math.min(leftBytes, bytes.length - at);
        leftBytes -= step;
        at += step;
        continue;
      }
      const missing = frameHeaderBytes - partial.length;
      const began = at;
      partial = Buffer.concat([partial, bytes.subarray(at, at + missing)]);
      at += missing;
      if (partial.length < frameHeaderBytes) return found;
      inCall = callFrames.has(partial.readUInt8(3));
      leftBytes = partial.readUIntBE(0, 3);
      partial = Buffer.alloc(0);
      if (inCall) found ??= began;
    }
    return found;
  };

  return {
    read(bytes) {
      if (state === "foreign") return bytes.length === 0 ? undefined : 0;
      if (state === "frames") return readFrames(bytes);
      partial = Buffer.concat([partial, bytes]);
      const begun = startOf(partial);
      if (begun === "unknown") return undefined;
      const before = partial.length - bytes.length;
      const all = partial;
      partial = Buffer.alloc(0);
      if (begun === "foreign") {
        state = "foreign";
        return 0;
      }
      state = "frames";
      const found = readFrames(all.subarray(begun));
      return found === undefined ? undefined : Math.max(0, found + begun - before);
    },
  };
}

/** A client begins with the preface, a server with its settings: where the frames begin, if they do. */
function startOf(bytes: Buffer): number | "unknown" | "foreign" {
  if (preface.subarray(0, bytes.length).equals(bytes.subarray(0, preface.length)))
    return bytes.length < preface.length ? "unknown" : preface.length;
  if (bytes.length < frameHeaderBytes) return bytes[0] === 0 ? "unknown" : "foreign";
  return bytes[3] === settings && bytes.readUInt32BE(5) === 0 ? 0 : "foreign";
}

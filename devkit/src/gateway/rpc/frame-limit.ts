// The limit of messages on a stream of gRPC frames that nobody decodes here: only the five bytes before each are read.
import { Transform, type TransformCallback } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";

const headBytes = 5;

export function messageTooLarge(bytes: number, maxBytes: number): ConnectError {
  return new ConnectError(
    `the message has ${bytes} bytes, and ${maxBytes} are the most that is taken`,
    Code.ResourceExhausted,
  );
}

/** Passes frames on as they are; fails with a ConnectError at one that is larger than the limit. */
export function limitFrames(maxBytes: number): Transform {
  const head = Buffer.alloc(headBytes);
  let headRead = 0;
  let bodyLeft = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      for (let at = 0; at < chunk.length;) {
        if (bodyLeft > 0) {
          const taken = Math.min(bodyLeft, chunk.length - at);
          bodyLeft -= taken;
          at += taken;
          continue;
        }
        const taken = chunk.copy(head, headRead, at, at + headBytes - headRead);
        headRead += taken;
        at += taken;
        if (headRead < headBytes) break;
        headRead = 0;
        bodyLeft = head.readUInt32BE(1);
        if (bodyLeft > maxBytes) return done(messageTooLarge(bodyLeft, maxBytes));
      }
      done(null, chunk);
    },
  });
}

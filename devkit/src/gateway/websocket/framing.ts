// What goes over a WebSocket. In subprotocol `samspel.json` each frame is a text, an object with one key:
//
//     to the gateway      {"message": …}  a request          {"end": {}}   no more requests
//     from the gateway    {"message": …}  an answer          {"end": {"error"?, "metadata"?}}   the last frame
//
// In `samspel.proto` each frame is binary, an envelope of Connect: a byte of flags, four of the length, big-endian, and
// the message. Flag 2 is the end, with the same JSON as above behind it; to the gateway it is empty.
import {
  fromBinary,
  fromJson,
  toBinary,
  toJson,
  type DescMethod,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

/** What a caller says. */
type Frame = { readonly type: "message"; readonly message: Message } | { readonly type: "end" };

export interface Framing {
  /** @throws ConnectError for what is no frame, or a message that cannot be read. */
  read(data: Buffer, isBinary: boolean): Frame;
  message(message: Message): string | Uint8Array;
  end(end: JsonObject): string | Uint8Array;
}

const endFlag = 2;
const headBytes = 5;

/** The subprotocols, the preferred one first. */
export const subprotocols = ["samspel.json", "samspel.proto"] as const;
export type Subprotocol = (typeof subprotocols)[number];

export function framingOf(subprotocol: Subprotocol, method: DescMethod, types: Registry): Framing {
  return subprotocol === "samspel.json" ? jsonFraming(method, types) : envelopeFraming(method);
}

function jsonFraming({ input, output }: DescMethod, types: Registry): Framing {
  return {
    read(data, isBinary) {
      if (isBinary) throw malformed("a frame of samspel.json must be a text");
      const frame = parse(data.toString("utf8"));
      if ("end" in frame) return { type: "end" };
      const json = frame["message"];
      if (json === undefined) throw malformed('a frame must be {"message": …} or {"end": {}}');
      try {
        return { type: "message", message: fromJson(input, json, { registry: types }) };
      } catch (error) {
        throw malformed(
          `the message does not fit: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    },
    message: (message) => JSON.stringify({ message: toJson(output, message, { registry: types }) }),
    end: (end) => JSON.stringify({ end }),
  };
}

function envelopeFraming({ input, output }: DescMethod): Framing {
  return {
    read(data, isBinary) {
      const length = data.length >= headBytes ? data.readUInt32BE(1) : -1;
      if (!isBinary || length !== data.length - headBytes) {
        throw malformed("a frame of samspel.proto must be binary, and one envelope");
      }
      const flags = data.readUInt8(0);
      if (flags === endFlag) return { type: "end" };
      if (flags !== 0) throw malformed(`an envelope has flags 0 or 2: current value is ${flags}`);
      try {
        return { type: "message", message: fromBinary(input, data.subarray(headBytes)) };
      } catch (error) {
        throw malformed(
          `the message does not fit: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    },
    message: (message) => envelope(0, toBinary(output, message)),
    end: (end) => envelope(endFlag, Buffer.from(JSON.stringify(end))),
  };
}

function envelope(flags: number, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function parse(text: string): Record<string, JsonValue> {
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame === "object" && frame !== null) return frame as Record<string, JsonValue>;
  } catch {
    // Said below.
  }
  throw malformed("the frame is no JSON object");
}

function malformed(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}

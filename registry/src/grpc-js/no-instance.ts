// The status of calls for which there is no instance, as our own clients and kits give it: with
// `samspel.v1.ErrorDetail` in its details, so that callers in any language read the same code (C5). The two messages
// are written by hand, as this package has no protobuf library and needs no other message.
import { Metadata, status, type StatusObject } from "@grpc/grpc-js";

const code = "SAMSPEL_NO_INSTANCE";

/** UNAVAILABLE with the code `SAMSPEL_NO_INSTANCE`. */
export function noInstance(protoService: string, registryUrl: string): StatusObject {
  const details = `No instance of ${protoService} passes its checks in the registry at ${registryUrl}`;
  // samspel.v1.ErrorDetail: code = 1, metadata = 4 (pairs of key = 1 and value = 2).
  const errorDetail = Buffer.concat([
    field(1, code),
    field(4, Buffer.concat([field(1, "service"), field(2, protoService)])),
  ]);
  // google.rpc.Status: code = 1 (a varint), message = 2, details = 3 (google.protobuf.Any: type_url = 1, value = 2).
  const richStatus = Buffer.concat([
    Buffer.from([0x08, status.UNAVAILABLE]),
    field(2, details),
    field(3, Buffer.concat([field(1, "type.googleapis.com/samspel.v1.ErrorDetail"), field(2, errorDetail)])),
  ]);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", richStatus);
  return { code: status.UNAVAILABLE, details, metadata };
}

/** A length-delimited field. */
function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

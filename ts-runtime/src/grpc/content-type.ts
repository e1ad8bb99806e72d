// Which requests are gRPC's, with messages in binary.

export const contentType = "application/grpc+proto";

/** Whether a content type is that of gRPC with messages in binary; all others are somebody else's. */
export function isBinaryGrpc(type: string | undefined): boolean {
  return type === "application/grpc" || type === contentType;
}

/** Of an answer: as tolerant as others are, with parameters and in any case. */
export function isGrpcAnswer(type: string | undefined): boolean {
  return type !== undefined && (isBinaryGrpc(type) || /^application\/grpc(\+proto)?( *;.*)?$/i.test(type));
}

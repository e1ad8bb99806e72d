// The server's side of gRPC: from a stream that a carrier brings to the call that it is.
import { Code, ConnectError } from "@connectrpc/connect";
import type { CallOrigin } from "./call-context.ts";
import type { ServerStream, ServerStreamUser } from "./carrier.ts";
import { contentType } from "./content-type.ts";
import { fieldOf } from "./fields.ts";
import type { CallEdge, ServedMethod } from "./served-method.ts";
import { ServerCall } from "./server-call.ts";
import { statusFields } from "./status.ts";

export interface GrpcServerOptions<O extends CallOrigin> {
  readonly methods: readonly ServedMethod<O>[];
  readonly edge: CallEdge<O>;
}

/** Answers the gRPC calls of a server. */
export interface GrpcServer<O extends CallOrigin> {
  /** Takes a call; undefined for one that ended at once, as nobody serves its method. */
  accept(stream: ServerStream, origin: O): ServerCall<O> | undefined;
}

const nobody: ServerStreamUser = { onData() {}, onEnd() {}, onDrain() {}, onClosed() {} };

export function createGrpcServer<O extends CallOrigin>({
  methods,
  edge,
}: GrpcServerOptions<O>): GrpcServer<O> {
  const byPath = new Map(
    methods.map((served) => [`/${served.method.parent.typeName}/${served.method.name}`, served]),
  );
  return {
    accept(stream, origin) {
      const path = fieldOf(stream.fields, ":path") ?? "";
      const served = byPath.get(path) ?? byPath.get(path.split("?", 1)[0] ?? "");
      if (served !== undefined) return new ServerCall(stream, origin, served, edge);
      stream.listen(nobody);
      const error = new ConnectError(`no such method: ${path}`, Code.Unimplemented);
      stream.refuse([":status", "200", "content-type", contentType, ...statusFields(error)]);
      return undefined;
    },
  };
}

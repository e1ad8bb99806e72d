// One call of gRPC, byte by byte, and all that comes of it.
import { once } from "node:events";
import http2, { type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";

export interface RawCall {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks: readonly Buffer[];
  /** In place of an end after all chunks. */
  readonly resetAfter?: number | undefined;
}

export interface RawAnswer {
  /** The blocks of fields that came: a head, and trailers. */
  readonly blocks: readonly IncomingHttpHeaders[];
  readonly body: Buffer;
  /** Each `grpc-status` that came. */
  readonly statuses: readonly string[];
}

/** Resolves when nothing can come any more. */
export async function rawCall(
  session: ClientHttp2Session,
  { path, headers = {}, chunks, resetAfter }: RawCall,
): Promise<RawAnswer> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  const over = once(stream, "close", { signal: AbortSignal.timeout(30_000) });
  const blocks: IncomingHttpHeaders[] = [];
  const pieces: Buffer[] = [];
  stream.on("response", (head) => blocks.push(head));
  stream.on("trailers", (trailers) => blocks.push(trailers));
  stream.on("data", (chunk: Buffer) => pieces.push(chunk));
  stream.on("error", () => {});
  for (const chunk of chunks.slice(0, resetAfter)) {
    stream.write(chunk);
    // In a frame of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (resetAfter === undefined) stream.end();
  else stream.close(http2.constants.NGHTTP2_CANCEL);
  await over;
  return {
    blocks,
    body: Buffer.concat(pieces),
    statuses: blocks.flatMap((block) => block["grpc-status"] ?? []).map(String),
  };
}

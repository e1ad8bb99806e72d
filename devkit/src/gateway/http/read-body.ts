// A body as a whole, within a limit.
import { bodyOf, type NodeRequest } from "@samspel/runtime/proxy";

/** The bytes; undefined where they are more than the limit, which is known as early as can be. */
export async function readBody(request: NodeRequest, maxBytes: number): Promise<Buffer | undefined> {
  const announced = request.headers["content-length"];
  if (announced !== undefined && Number(announced) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of bodyOf(request)) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

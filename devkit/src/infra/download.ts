// Downloads a server's official release. What comes is used only where its SHA-256 is the pinned one.
import { createHash } from "node:crypto";
import { chmod, rename, writeFile } from "node:fs/promises";
import { InfraError } from "./infra-error.ts";
import type { PartContext } from "./part.ts";
import type { ReleaseArchive } from "./tools.ts";
import { programOf } from "./unpack.ts";

const answerTimeoutMs = 5_000;
const silenceTimeoutMs = 15_000;

/**
 * Downloads a program into a file.
 * @returns Why it could not be downloaded, or undefined when it is there.
 * @throws InfraError when the archive is not the pinned one.
 */
export async function downloadProgram(
  archive: ReleaseArchive,
  { program, to }: { readonly program: string; readonly to: string },
  context: PartContext,
): Promise<string | undefined> {
  let data: Uint8Array;
  try {
    data = await fetchArchive(archive.url, program, context);
  } catch (error) {
    context.signal.throwIfAborted();
    return reasonOf(error);
  }
  const sha256 = createHash("sha256").update(data).digest("hex");
  if (sha256 !== archive.sha256) {
    throw new InfraError(
      `Cannot use ${archive.url}: its SHA-256 must be ${archive.sha256}, but it is ${sha256}. ` +
        `Somebody has changed it, or something stands between you and the server: put ${program} on PATH instead`,
    );
  }
  const draft = `${to}.draft`;
  await writeFile(draft, programOf(archive.url, data, program));
  await chmod(draft, 0o755);
  await rename(draft, to);
  return undefined;
}

async function fetchArchive(
  url: string,
  program: string,
  { step, signal }: PartContext,
): Promise<Uint8Array> {
  const silent = new AbortController();
  const parts: Uint8Array[] = [];
  let length = 0;
  let timer = setTimeout(() => silent.abort(new Error("no answer")), answerTimeoutMs);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, silent.signal]) });
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
    const total = Number(response.headers.get("content-length"));
    for await (const part of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(new Error("no data for 15 s")), silenceTimeoutMs);
      parts.push(part);
      length += part.length;
      step.progress(
        `downloading ${program}: ${megabytes(length)}${total > 0 ? ` of ${megabytes(total)}` : ""}`,
      );
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(parts);
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

// Takes one program out of a release's archive.
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { InfraError } from "./infra-error.ts";

const tarBlock = 512;

/** The bytes of `program`, wherever it lies in the archive. The archive's kind follows from its URL's ending. */
export function programOf(url: string, archive: Uint8Array, program: string): Uint8Array {
  const found = url.endsWith(".zip") ? fromZip(archive, program) : fromTar(gunzipSync(archive), program);
  if (found === undefined) throw new InfraError(`Cannot use ${url}: it has no file ${program}`);
  return found;
}

function fromZip(archive: Uint8Array, program: string): Uint8Array | undefined {
  return Object.values(unzipSync(archive, { filter: ({ name }) => basename(name) === program }))[0];
}

/** A tar file is a row of blocks: a header with name and size, then the content, padded (POSIX ustar). */
function fromTar(tar: Buffer, program: string): Uint8Array | undefined {
  for (let at = 0; at + tarBlock <= tar.length;) {
    const field = (from: number, length: number): string =>
      tar.toString("latin1", at + from, at + from + length).replace(/\0[^]*$/, "");
    const name = field(0, 100);
    if (name === "") return undefined;
    const size = Number.parseInt(field(124, 12), 8);
    const content = at + tarBlock;
    if (basename(name) === program && field(156, 1) !== "5") return tar.subarray(content, content + size);
    at = content + Math.ceil(size / tarBlock) * tarBlock;
  }
  return undefined;
}

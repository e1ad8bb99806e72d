// Proto files that a test writes, compiled by the real compiler.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const buf = join(import.meta.dirname, "../../node_modules/.bin/buf");

/** Compiles files, given by name, to the bytes of a FileDescriptorSet, as `buf build -o` writes them. */
export async function buildProtos(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "samspel-protos-"));
  try {
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
    const { stdout } = await promisify(execFile)(buf, ["build", folder, "-o", "-"], {
      encoding: "buffer",
      maxBuffer: 1 << 26,
    });
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// The stock Go peer of this folder, built from its pinned module.
import { execFile, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { promisify } from "node:util";

const here = import.meta.dirname;

/** Builds it once for what stands in this folder; the path of the program. */
export async function builtGrpcGo(): Promise<string> {
  const sources = readdirSync(here).filter((name) => /\.go$|^go\./.test(name));
  const hash = createHash("sha256");
  for (const name of sources.toSorted()) hash.update(readFileSync(join(here, name)));
  const folder = join(here, "../../../node_modules/.cache/grpc-go", hash.digest("hex").slice(0, 16));
  const program = join(folder, "grpc-go");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    // Under a name of its own, as others may build it at the same time.
    const built = `${program}-${randomUUID()}`;
    await promisify(execFile)("go", ["build", "-o", built, "."], { cwd: here, maxBuffer: 16 * 1024 * 1024 });
    renameSync(built, program);
  }
  return program;
}

/** A peer that runs, and what it says, line by line. It ends with its standard input. */
export interface GrpcGo {
  readonly process: ChildProcessWithoutNullStreams;
  nextLine(this: void): Promise<string>;
}

export async function startGrpcGo(args: readonly string[]): Promise<GrpcGo> {
  const child = spawn(await builtGrpcGo(), args);
  child.stderr.pipe(process.stderr);
  const lines = linesOf(createInterface(child.stdout));
  return {
    process: child,
    async nextLine() {
      const next = await lines.next();
      if (next.done === true) throw new Error(`grpc-go ${args.join(" ")} has ended`);
      return next.value;
    },
  };
}

function linesOf(lines: Interface): AsyncIterator<string> {
  return lines[Symbol.asyncIterator]();
}

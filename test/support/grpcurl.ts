// grpcurl, a stock gRPC client in Go: built once from the pinned module beside the interop tests.
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../..");
const module = join(root, "test/interop/go");

/** The environment in which `grpcurl` is a command. */
export async function withGrpcurl(): Promise<NodeJS.ProcessEnv> {
  const pinned = createHash("sha256")
    .update(readFileSync(join(module, "go.sum")))
    .digest("hex")
    .slice(0, 16);
  const folder = join(root, "node_modules/.cache/grpcurl", pinned);
  const program = join(folder, "grpcurl");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    // Under a name of its own, as other test files may build it at the same time.
    const built = `${program}-${randomUUID()}`;
    await promisify(execFile)("go", ["build", "-o", built, "github.com/fullstorydev/grpcurl/cmd/grpcurl"], {
      cwd: module,
    });
    renameSync(built, program);
  }
  return { ...process.env, PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}` };
}

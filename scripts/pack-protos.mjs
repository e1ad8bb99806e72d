// Puts into the package of the runtime, as it is packed, the proto files that other proto files import: a project's buf.yaml
// names them there, so they are always of the version that is installed.
import { cpSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = `${root}/ts-runtime/proto`;

rmSync(target, { recursive: true, force: true });
cpSync(`${root}/proto/samspel/v1`, `${target}/samspel/v1`, { recursive: true });
cpSync(`${root}/proto/vendor/google`, `${target}/google`, { recursive: true });

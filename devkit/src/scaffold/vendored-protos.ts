// The proto files that those of a project import, Samspel's own and the rules of protovalidate: copied into it, so that the compilers of all languages find
// them, and git has them to compare with.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { PlannedFile } from "./template.ts";

const files = [
  "samspel/v1/options.proto",
  "samspel/v1/policy.proto",
  "samspel/v1/subscribe.proto",
  "buf/validate/validate.proto",
];

/** The package has copies, which are made when it is packed; the repository has the originals. */
const places = ["../../proto/", "../../../proto/", "../../../proto/vendor/"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** As `vendor/proto` of a project has them. */
export async function vendoredProtos(): Promise<readonly PlannedFile[]> {
  return Promise.all(
    files.map(async (path) => ({ path: `vendor/proto/${path}`, content: await read(path) })),
  );
}

async function read(path: string): Promise<string> {
  for (const place of places) {
    const text = await readFile(place + path, "utf8").catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new Error(`${path} is in none of ${places.join(", ")}`);
}

// The repository of Samspel, where the command runs from its sources: packages and libraries come from there while they
// are not published.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const packageFolder = fileURLToPath(new URL("../../", import.meta.url));

/** The version of a package that was never published. */
const unpublished = "0.0.0";

interface Own {
  /** Undefined while it is not published. */
  readonly version: string | undefined;
  /** Undefined where the command is installed from a package. */
  readonly repository: string | undefined;
}

/** What this program is, and where it lies. */
export async function ownPlace(): Promise<Own> {
  const own = await packageAt(packageFolder);
  const above = join(packageFolder, "..");
  const workspace = await packageAt(above).catch(() => undefined);
  return {
    version: own["version"] === unpublished ? undefined : String(own["version"]),
    repository: workspace?.["name"] === "samspel-workspace" ? above.replace(/[/\\]$/, "") : undefined,
  };
}

async function packageAt(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const parsed: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
}

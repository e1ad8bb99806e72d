// Finds a server's binary: on PATH, in the cache, else downloaded from its official release, else built by Go from
// the pinned module.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { downloadProgram } from "./download.ts";
import { buildWithGo } from "./go-build.ts";
import { InfraError } from "./infra-error.ts";
import { makeOnce } from "./make-once.ts";
import { isExecutable, onPath } from "./on-path.ts";
import { partTitles, type PartContext } from "./part.ts";
import type { Tool } from "./tools.ts";

/** A binary that can be started. */
export interface Binary {
  readonly path: string;
  readonly version: string;
  /** `from PATH`, `from the cache`, `downloaded`, `built with Go`. */
  readonly origin: string;
}

/** @throws InfraError that lists every way to have the server. */
export async function findBinary(tool: Tool, context: PartContext): Promise<Binary> {
  context.step.progress(`looking for ${tool.command}`);
  const found = await onPath(tool.command, context.options.searchPath);
  const version = found === undefined ? undefined : await versionOf(found, tool);
  if (found !== undefined && version !== undefined && isRecent(version, tool)) {
    return { path: found, version, origin: "from PATH" };
  }
  const cached = cachedBinary(tool, context.options.cacheDir);
  if (await isExecutable(cached)) return { path: cached, version: tool.version, origin: "from the cache" };
  let origin = "from the cache";
  await makeOnce({ tool, to: cached }, context, async () => {
    const refused = await download(tool, cached, context);
    origin = "downloaded";
    if (refused === undefined) return;
    const go = await onPath("go", context.options.searchPath);
    if (go === undefined) {
      throw missing(tool, context, {
        refused,
        tooOld: found === undefined ? undefined : { path: found, version },
      });
    }
    await buildWithGo({ tool, go, to: cached }, context);
    origin = "built with Go";
  });
  return { path: cached, version: tool.version, origin };
}

/** Why the official release cannot be had, or undefined when it is there. */
async function download(tool: Tool, to: string, context: PartContext): Promise<string | undefined> {
  if (!context.options.downloads) return "SAMSPEL_DOWNLOADS is off";
  const platform = `${process.platform}-${process.arch}`;
  const archive = tool.archives[platform];
  if (archive === undefined) return `we know no checksum of one for ${platform}`;
  context.step.progress(`downloading ${tool.command} ${tool.version}`);
  const refused = await downloadProgram(archive, { program: tool.command, to }, context);
  return refused === undefined ? undefined : `${archive.url}: ${refused}`;
}

/** Where the cache keeps a binary. */
export const cachedBinary = (tool: Tool, cacheDir: string): string =>
  join(cacheDir, "bin", `${tool.command}-${tool.version}-${process.platform}-${process.arch}`);

async function versionOf(path: string, tool: Tool): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, [...tool.versionArgs], { timeout: 5000 });
    return /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether a version is not older than what the tool needs. */
export function isRecent(version: string, { minVersion }: Pick<Tool, "minVersion">): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > minVersion[0] || (major === minVersion[0] && minor >= minVersion[1]);
}

interface Tried {
  /** Why the download failed. */
  readonly refused: string;
  readonly tooOld: { readonly path: string; readonly version: string | undefined } | undefined;
}

function missing(tool: Tool, { options }: PartContext, { refused, tooOld }: Tried): InfraError {
  const onPathNow =
    tooOld === undefined ? "it has none" : `${tooOld.path} is version ${tooOld.version ?? "unknown"}`;
  return new InfraError(
    [
      `Cannot start ${partTitles[tool.part]} as there is no ${tool.command}. Any one of these helps:`,
      `  - set ${options.variables[tool.part]} to ${tool.alternative}`,
      `  - put ${tool.command} ${tool.minVersion.join(".")} or newer on PATH (${onPathNow}): ${tool.website}`,
      `  - let the official release be downloaded (${refused})`,
      `  - install Go ${tool.goVersion} or newer (https://go.dev/dl): then ${tool.command} ${tool.version} is built ` +
        `once, in about ${tool.buildTime}, into ${options.cacheDir}`,
    ].join("\n"),
    { part: tool.part },
  );
}

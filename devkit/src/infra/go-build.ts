// Builds a server with the Go toolchain. The module's go.sum pins each source file; `-mod=readonly` makes Go refuse
// what it does not pin. It is built in a copy in the cache, so the package stays as it is; a killed build leaves nothing
// that looks like a binary.
import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { InfraError } from "./infra-error.ts";
import { partTitles, type PartContext } from "./part.ts";
import type { Tool } from "./tools.ts";
import { describeExit } from "../process/index.ts";

const lifeSignMs = 2000;

interface GoBuild {
  readonly tool: Tool;
  readonly go: string;
  /** Where the binary goes. */
  readonly to: string;
}

/** Builds the binary. @throws InfraError with what Go said last. */
export async function buildWithGo(
  { tool, go, to }: GoBuild,
  { options, supervisor, step, signal }: PartContext,
): Promise<void> {
  const draft = `${to}.draft`;
  await rm(draft, { recursive: true, force: true });
  supervisor.removeAtEnd(draft);
  await cp(tool.moduleDir, draft, { recursive: true });
  const output = join(draft, tool.command);
  const child = await supervisor.start({
    name: `the build of ${tool.command}`,
    tier: "infra",
    command: go,
    // -v names each package as it is compiled: a sign of life.
    args: ["build", "-v", "-mod=readonly", "-trimpath", "-o", output, tool.goPackage],
    cwd: draft,
    env: { ...process.env, GOFLAGS: "" },
    graceMs: 2000,
  });
  const abort = (): void => void child.stop();
  signal.addEventListener("abort", abort, { once: true });
  const progress = showProgress(tool, step, (listener) => child.onLine(({ text }) => listener(text)));
  const { exit, asked } = await child.ended;
  progress.end();
  signal.removeEventListener("abort", abort);
  signal.throwIfAborted();
  if (asked || exit.type === "killed" || exit.code !== 0) {
    const lines = child.lastLines.slice(-10).map(({ text }) => `  ${text}`);
    throw new InfraError(
      `Cannot start ${partTitles[tool.part]} as building ${tool.command} ${tool.version} failed: \`go build\` ` +
        `${describeExit(exit)}. What it said last:\n${lines.join("\n")}\n` +
        `Mend that, or set ${options.variables[tool.part]} to ${tool.alternative}, or put ${tool.command} on PATH (${tool.website})`,
      { part: tool.part },
    );
  }
  await rename(output, to);
  await rm(draft, { recursive: true, force: true });
  supervisor.keep(draft);
}

function showProgress(
  tool: Tool,
  step: PartContext["step"],
  subscribe: (listener: (line: string) => void) => () => void,
): { end(): void } {
  const startedAt = performance.now();
  let packages = 0;
  let latest = "starting";
  const unsubscribe = subscribe((line) => {
    const fetching = line.startsWith("go: downloading");
    if (!fetching) packages += 1;
    latest = fetching ? line.slice("go: ".length) : `${packages} packages compiled`;
  });
  const show = (): void => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    step.progress(
      `building ${tool.command} ${tool.version} once (about ${tool.buildTime}): ${seconds} s, ${latest}`,
    );
  };
  show();
  const timer = setInterval(show, lifeSignMs);
  return {
    end() {
      clearInterval(timer);
      unsubscribe();
    },
  };
}

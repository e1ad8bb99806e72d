// Somebody who has Node, npm and an empty folder, and what they type.
import { homedir, tmpdir } from "node:os";
import { chmod, mkdtemp } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { superviseProcesses } from "samspel/process";
import type { Test } from "tap";
import { until } from "../../support/until.ts";

/** How long anything may take on a slow machine. */
export const patienceMs = 90_000;

/** A command that goes on until it is stopped. */
export interface RunningCommand {
  /** What it wrote so far, with colours. */
  readonly lines: readonly string[];
  /** Resolves when it wrote a text, with all up to there; from the line `from` on. */
  wrote(text: string, from?: number): Promise<readonly string[]>;
  /** As Ctrl-C does; resolves when it has ended. */
  interrupt(): Promise<void>;
}

export interface NewUser {
  readonly folder: string;
  /** Runs a command of the shell in their folder, or one from there, to its end; resolves with what it wrote. @throws where it fails. */
  run(command: string, folder?: string): Promise<string>;
  start(command: string, folder: string): Promise<RunningCommand>;
}

/** All that they started is ended with the test, and their folder is removed, however the test ends. */
export async function newUser(t: Test): Promise<NewUser> {
  const folder = await mkdtemp(join(tmpdir(), "samspel-tour-"));
  // Under root, Postgres runs as another user, who must pass.
  await chmod(folder, 0o711);
  const supervisor = superviseProcesses();
  supervisor.removeAtEnd(folder);
  t.teardown(() => supervisor.stop());
  const env = cleanEnvironment();

  const begin = async (command: string, below: string, stopSignal: "SIGINT" | "SIGTERM") => {
    const lines: string[] = [];
    const child = await supervisor.start({
      name: command,
      command: "bash",
      // tap loads itself into whatever is started from here.
      args: ["-c", `unset NODE_OPTIONS\n${command}`],
      cwd: resolve(folder, below),
      env: stopSignal === "SIGINT" ? { ...env, FORCE_COLOR: "1" } : env,
      stopSignal,
      graceMs: 30_000,
    });
    child.onLine(({ text }) => lines.push(text));
    return { child, lines };
  };

  return {
    folder,
    async run(command, below = ".") {
      const { child, lines } = await begin(command, below, "SIGTERM");
      const { exit } = await child.ended;
      const text = lines.join("\n");
      if (exit.type === "exited" && exit.code === 0) return text;
      throw new Error(`${command} failed:\n${text}`);
    },
    async start(command, below) {
      const { child, lines } = await begin(command, below, "SIGINT");
      return {
        lines,
        async wrote(text, from = 0) {
          const found = await until(
            `${command} writes ${text}`,
            () => {
              const at = lines.findIndex((line, index) => index >= from && line.includes(text));
              if (at < 0 && child.state.type === "ended") throw new Error(`It ended:\n${lines.join("\n")}`);
              return at < 0 ? undefined : lines.slice(0, at + 1);
            },
            patienceMs,
          ).catch((error: unknown) => {
            throw new Error(lines.slice(-60).join("\n"), { cause: error });
          });
          return found;
        },
        async interrupt() {
          await child.stop();
        },
      };
    },
  };
}

/**
 * The environment without what `npm test` and the repository put there, so that nothing of them is found by chance. The
 * caches of downloads stay: they make nothing work that would not without them. So does whom the machine trusts: npm asks
 * the registry for what no cache has.
 */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours =
    /^(npm_(?!config_(cache|registry|userconfig)$)|_?TAP|TEST_|SAMSPEL_|OTEL_|NODE_(?!EXTRA_CA_CERTS$)|(FORCE|NO)_COLOR$)/;
  const infra = new Set(["DATABASE_URL", "NATS_URL", "CONSUL_HTTP_ADDR", "CONSUL_HTTP_TOKEN"]);
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name) && !infra.has(name));
  const folders = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((path) => !path.includes("node_modules"));
  return {
    ...Object.fromEntries(kept),
    // The Node that the repository pins, as this one may be younger than the machine's.
    PATH: [dirname(process.execPath), ...folders].join(delimiter),
    SAMSPEL_CACHE_DIR: process.env["SAMSPEL_CACHE_DIR"] ?? join(cacheFolder(), "samspel"),
    npm_config_prefer_offline: "true",
  };
}

function cacheFolder(): string {
  const shared = process.env["XDG_CACHE_HOME"] ?? "";
  return shared === "" ? join(homedir(), ".cache") : shared;
}

// `npm test`: starts Postgres, NATS and a real Consul in a temporary folder, runs tap on them, stops all. Nothing
// is left, also when this process is killed. Prints `N passed, N failed` last.
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InfraError, lineReporter, startInfra, type Infra, type InfraPartName } from "samspel/infra";
import { superviseProcesses, type Supervisor } from "samspel/process";
import { filesToLookAtAgain, withoutFiles } from "./support/second-look.ts";
import { countTap, type TapCounts } from "./support/tap-counts.ts";
import { createTapProgress } from "./support/tap-progress.ts";

const root = join(import.meta.dirname, "..");

const usage = `Usage: npm test [-- <file or tap option>…]

Starts Postgres, NATS and Consul, and runs the given test files, or all.
  npm test -- test/integration/journal/journal.test.ts
  npm test -- --grep=/revision/

A run of all looks at a few failed files of test/ once more, alone.
Each of the three can be one that runs already: set TEST_DATABASE_URL, TEST_NATS_URL or TEST_CONSUL_URL.
Tests create schemas, streams and services of their own there, and remove them.`;

/** What a signal from outside means for the exit code, as shells count. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

// One Ctrl-C arrives twice: from the terminal, and from npm, which passes on its own.
const sameSignalMs = 500;

async function runTests(args: readonly string[]): Promise<number> {
  const supervisor = superviseProcesses();
  const aborted = new AbortController();
  let interrupted: { readonly signal: keyof typeof exitCodes; readonly at: number } | undefined;
  const onSignal = (signal: keyof typeof exitCodes): void => {
    if (interrupted === undefined) {
      interrupted = { signal, at: performance.now() };
      aborted.abort(new InfraError(`stopped by ${signal}`));
    } else if (performance.now() - interrupted.at > sameSignalMs) {
      void supervisor.kill().then(() => process.exit(exitCodes[signal]));
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);

  const folder = mkdtempSync(join(tmpdir(), "samspel-test-"));
  // Under root, Postgres runs as another user, who must pass.
  chmodSync(folder, 0o711);
  supervisor.removeAtEnd(folder);
  const said: string[] = [];
  let code = 1;
  try {
    const infra = await startTestInfra(folder, supervisor, aborted.signal);
    try {
      const run = { infra, supervisor, signal: aborted.signal };
      const results = join(folder, "results.tap");
      code = await runTap({ ...run, args, results });
      const first = readIfThere(results);
      const again = args.length === 0 && code !== 0 ? filesToLookAtAgain(first) : [];
      said.push(withoutFiles(first, again));
      if (again.length > 0) {
        console.log(`· once more, alone: ${again.join(", ")}`);
        const secondResults = join(folder, "second-results.tap");
        code = await runTap({ ...run, args: ["--jobs=1", ...again], results: secondResults });
        said.push(readIfThere(secondResults));
      }
    } finally {
      await infra.stop();
    }
  } catch (error) {
    console.error(error instanceof InfraError ? error.message : error);
  }
  const counts = countTap(said.join("\n"));
  await supervisor.stop();
  console.log(summary(counts, code));
  return interrupted === undefined ? code : exitCodes[interrupted.signal];
}

/** Nothing where tap broke before it wrote. */
function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function startTestInfra(folder: string, supervisor: Supervisor, signal: AbortSignal): Promise<Infra> {
  return startInfra({
    dataDir: join(folder, "infra"),
    registry: "consul",
    reporter: lineReporter((line) => console.error(line)),
    variables: { postgres: "TEST_DATABASE_URL", nats: "TEST_NATS_URL", registry: "TEST_CONSUL_URL" },
    // Nothing here is to survive a power cut; each test file has connections of its own.
    postgresSettings: {
      fsync: "off",
      full_page_writes: "off",
      max_connections: 300,
      max_prepared_transactions: 8,
    },
    supervisor,
    signal,
  });
}

interface TapRun {
  readonly args: readonly string[];
  readonly results: string;
  readonly infra: Infra;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
}

async function runTap({ args, results, infra, supervisor, signal }: TapRun): Promise<number> {
  signal.throwIfAborted();
  // A terminal gets tap's own screen; a log, what we make of its stream.
  const live = process.stdout.isTTY;
  const tap = await supervisor.start({
    name: "tap",
    command: process.execPath,
    args: [
      join(root, "node_modules/tap/dist/esm/run.mjs"),
      live ? `--output-file=${results}` : "--reporter=tap",
      ...args,
    ],
    cwd: process.cwd(),
    env: {
      // Hundreds of processes load the same modules: compiled once, each starts in half of its time.
      NODE_COMPILE_CACHE: join(root, "node_modules/.cache/samspel-tests"),
      ...process.env,
      TEST_DATABASE_URL: infra.databaseUrl,
      TEST_NATS_URL: infra.natsUrl,
      TEST_CONSUL_URL: infra.registryUrl,
      // For tests that kill one of their own.
      ...commandOf(infra, "nats", "TEST_NATS_SERVER"),
      ...commandOf(infra, "registry", "TEST_CONSUL"),
    },
    output: live ? "inherit" : "lines",
    graceMs: 5000,
  });
  const progress = createTapProgress();
  if (!live) {
    tap.onLine(({ text }) => {
      appendFileSync(results, `${text}\n`);
      for (const line of progress.line(text)) console.log(line);
    });
  }
  const stop = (): void => void tap.stop();
  signal.addEventListener("abort", stop, { once: true });
  const { exit } = await tap.ended;
  return exit.type === "exited" ? exit.code : 1;
}

/** The variable for a server's program, where we started it. */
function commandOf(infra: Infra, part: InfraPartName, variable: string): Readonly<Record<string, string>> {
  const command = infra.describe().find(({ name }) => name === part)?.command;
  return command === undefined ? {} : { [variable]: command };
}

/** A run that failed says so, also when tap itself broke before it could write why. */
function summary({ passed, failed, skipped }: TapCounts, code: number): string {
  const atLeast = code !== 0 && failed === 0 ? 1 : failed;
  return `${skipped === 0 ? "" : `${skipped} skipped\n`}${passed} passed, ${atLeast} failed`;
}

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  console.log(usage);
} else {
  process.exitCode = await runTests(args);
}

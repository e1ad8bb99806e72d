// `npm run bench`: starts what they need in a temporary folder, runs each measurement on them, stops all.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { InfraError, lineReporter, startInfra } from "samspel/infra";
import { superviseProcesses, type Supervisor } from "samspel/process";

const usage = `Usage: npm run bench [-- [--long] <name>… [-- <option of the measurement>…]]

Measures beside the obvious alternative: what is in bench/, or only what is named, such as journal.
It takes about half a minute; --long takes more rounds, for figures to keep.
DATABASE_URL and NATS_URL name a Postgres and a NATS that run already.`;

/** What makes a measurement short: enough to see a ratio, too little to write it down. */
const short: Readonly<Record<string, readonly string[]>> = {
  "bad-instances": ["--ms=1500"],
  balance: ["--rounds=3"],
  delivery: ["--ms=2000", "--events=5000"],
  auth: ["--rounds=1", "--calls=1000"],
  commands: ["--rounds=1", "--ms=500"],
  consume: ["--rounds=1", "--messages=50000"],
  dev: ["--saves=5", "--starts=1"],
  gateway: ["--rounds=1", "--ms=500"],
  identity: ["--rounds=1", "--ms=500"],
  journal: ["--rounds=2", "--ms=400"],
  memory: ["--live=20000", "--stored=50000"],
  overload: ["--rounds=1", "--ms=1500", "--streams=2000"],
  projection: ["--rounds=1", "--events=50000"],
  rpc: ["--rounds=1", "--ms=500", "--messages=20000"],
  "rpc-memory": ["--calls=200000", "--every=50000"],
  registry: ["--rounds=3", "--rest-s=30", "--many-rest-s=5", "--services=200"],
  reading: ["--rounds=2", "--events=50000"],
  tells: ["--rounds=1", "--ms=500"],
  streams: ["--rounds=1", "--messages=20000"],
  system: ["--rounds=2", "--ms=1000"],
  timers: ["--rounds=1", "--timers=2000"],
  topics: ["--rounds=1", "--events=10000"],
  tracing: ["--rounds=1", "--ms=500"],
};

interface Measurement {
  readonly name: string;
  readonly options: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

async function measure(supervisor: Supervisor, { name, options, env }: Measurement): Promise<boolean> {
  console.log(`\n${name}`);
  const file = join(import.meta.dirname, `${name}.bench.ts`);
  const child = await supervisor.start({
    name,
    command: process.execPath,
    // The young generation that docs/operations/deploy.md advises, and what a service sets for its process, for all
    // contenders alike.
    args: [
      "--conditions=samspel-source",
      "--max-semi-space-size=64",
      "--no-allocation-site-pretenuring",
      file,
      ...options,
    ],
    env,
    output: "inherit",
  });
  const { exit } = await child.ended;
  return exit.type === "exited" && exit.code === 0;
}

/** The peers have packages of their own, which nobody needs but the measurements. */
function installPeers(): void {
  const folder = join(import.meta.dirname, "peers");
  if (existsSync(join(folder, "node_modules", ".package-lock.json"))) return;
  console.error("· installing what the measurements compare with");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--prefix", folder], { stdio: "inherit" });
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const further = args.slice(end + 1);
  const { values, positionals } = parseArgs({
    args: args.slice(0, end),
    options: { long: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const files = await readdir(import.meta.dirname);
  const known = files
    .filter((file) => file.endsWith(".bench.ts"))
    .map((file) => file.replace(".bench.ts", ""));
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined)
    console.error(`No measurement is named ${unknown}: there are ${known.join(", ")}`);
  if (values.help || unknown !== undefined) {
    console.log(usage);
    return unknown === undefined ? 0 : 2;
  }
  installPeers();
  const supervisor = superviseProcesses();
  const folder = mkdtempSync(join(tmpdir(), "samspel-bench-"));
  // Under root, Postgres runs as another user, who must pass.
  chmodSync(folder, 0o711);
  supervisor.removeAtEnd(folder);
  try {
    const names = positionals.length === 0 ? known : positionals;
    await using infra = await startInfra({
      dataDir: join(folder, "infra"),
      // What is measured of the registry is measured of the real one.
      registry: names.includes("registry") ? "consul" : "embedded",
      reporter: lineReporter((line) => console.error(line)),
      supervisor,
    });
    const env = {
      ...process.env,
      DATABASE_URL: infra.databaseUrl,
      NATS_URL: infra.natsUrl,
      TEST_CONSUL: infra.describe().find(({ name }) => name === "registry")?.command,
    };
    let code = 0;
    for (const name of names) {
      const options = [...(values.long ? [] : (short[name] ?? [])), ...further];
      if (!(await measure(supervisor, { name, options, env }))) code = 1;
    }
    return code;
  } catch (error) {
    console.error(error instanceof InfraError ? error.message : error);
    return 1;
  } finally {
    await supervisor.stop();
  }
}

process.exitCode = await main();

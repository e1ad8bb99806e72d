// What the development environment costs: a cold and a warm start, the time from a save until callers meet it, and
// memory; beside `node --watch` of the bare service on the same infra.
//   npm run bench -- --long dev
import { chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort, superviseProcesses, type SupervisedProcess } from "samspel/process";
import { descendants } from "../test/e2e/dev/descendants.ts";
import { median } from "./median.ts";

const { values } = parseArgs({
  options: { saves: { type: "string", default: "20" }, starts: { type: "string", default: "3" } },
});
const saves = Number(values.saves);
const root = join(import.meta.dirname, "..");
const supervisor = superviseProcesses();

/** One service on the runtime, as the tests have it. */
async function makeProject(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "samspel-bench-dev-"));
  await chmod(dir, 0o711);
  await cp(join(root, "test/e2e/dev/fixtures/watched"), dir, { recursive: true });
  await symlink(join(root, "node_modules"), join(dir, "node_modules"));
  const main = await readFile(join(dir, "echo/main.ts"), "utf8");
  await writeFile(join(dir, "echo/main.ts"), main.replace("../../../../..", join(root, "test")));
  const command = ["node", "--conditions=samspel-source", "echo/main.ts"];
  await writeFile(
    join(dir, "samspel.json"),
    JSON.stringify({ name: "bench", services: { echo: { command } } }),
  );
  return dir;
}

interface Started {
  readonly child: SupervisedProcess;
  readonly tookMs: number;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
}

/** `samspel dev`, with infra of its own, until it says that it is ready. */
async function startDev(dir: string, args: readonly string[] = []): Promise<Started> {
  const { DATABASE_URL: _, NATS_URL: __, CONSUL_HTTP_ADDR: ___, ...env } = process.env;
  const startedAt = performance.now();
  const main = join(root, "devkit/src/cli/main.ts");
  const child = await supervisor.start({
    name: "samspel dev",
    command: process.execPath,
    args: ["--conditions=samspel-source", main, "dev", "--json", "--project", dir, ...args],
    env,
  });
  const ready = await lineOf(child, "ready");
  const tookMs = performance.now() - startedAt;
  const { services, infra } = ready as {
    services: readonly { url: string }[];
    infra: readonly { name: string; url: string }[];
  };
  const at = (name: string): string => infra.find((part) => part.name === name)?.url ?? "";
  return {
    child,
    tookMs,
    url: services[0]?.url ?? "",
    env: { DATABASE_URL: at("postgres"), NATS_URL: at("nats"), CONSUL_HTTP_ADDR: at("registry") },
  };
}

function lineOf(child: SupervisedProcess, type: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.onLine(({ text }) => {
      if (!text.startsWith("{")) return;
      const line: unknown = JSON.parse(text);
      if (typeof line === "object" && line !== null && "type" in line && line.type === type) resolve(line);
    });
    void child.ended.then(() => reject(new Error(child.lastLines.map(({ text }) => text).join("\n"))));
  });
}

async function answer(url: string): Promise<string> {
  const response = await fetch(`${url}/samspel.test.v1.EchoService/Echo`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body: "{}",
  });
  return ((await response.json()) as { text?: string }).text ?? "";
}

/** From the write of the file until a caller at the port gets the new answer. */
async function saveToServing(dir: string, url: string, label: string): Promise<readonly number[]> {
  const file = join(dir, "echo/answer.ts");
  const text = await readFile(file, "utf8");
  const took: number[] = [];
  for (let save = 1; save <= saves; save++) {
    const next = `${label}${save}`;
    const savedAt = performance.now();
    await writeFile(file, text.replace(/shout\(".*"\)/, `shout("${next}")`));
    while ((await answer(url).catch(() => "")) !== `${next}!`)
      await new Promise((resolve) => setTimeout(resolve, 5));
    took.push(performance.now() - savedAt);
    // A person does not save again at once; the old process ends meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return took;
}

/** `node --watch` of the service alone. */
async function bare(dir: string, env: Readonly<Record<string, string>>): Promise<readonly number[]> {
  const port = await freePort();
  const child = await supervisor.start({
    name: "node --watch",
    command: process.execPath,
    args: ["--watch", "--conditions=samspel-source", "echo/main.ts"],
    cwd: dir,
    env: {
      ...process.env,
      ...env,
      SAMSPEL_PORT: String(port),
      NODE_COMPILE_CACHE: join(dir, ".samspel/compile-cache"),
    },
  });
  const url = `http://127.0.0.1:${port}`;
  while ((await answer(url).catch(() => "")) === "") await new Promise((resolve) => setTimeout(resolve, 50));
  const took = await saveToServing(dir, url, "b");
  await child.stop();
  return took;
}

/** Proportional memory in MiB of a process, where the system tells (Linux). */
async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}

async function commandOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
}

async function showMemory(dev: SupervisedProcess): Promise<void> {
  const parts = { "samspel dev": await memoryOf(dev.pid), service: 0, infra: 0, guard: 0 };
  for (const pid of await descendants(dev.pid)) {
    const command = await commandOf(pid);
    const part = command.includes("echo/main.ts")
      ? "service"
      : command.includes("guard-main")
        ? "guard"
        : "infra";
    parts[part] += await memoryOf(pid);
  }
  const shown = Object.entries(parts).map(([name, mib]) => `${name} ${mib.toFixed(0)}`);
  console.log(`memory, MiB:           ${shown.join(", ")}`);
}

function percentile(figures: readonly number[], share: number): string {
  const sorted = figures.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(0).padStart(6);
}

async function main(): Promise<void> {
  const dir = await makeProject();
  try {
    const [cold, warm] = [[] as number[], [] as number[]];
    for (let start = 0; start < Number(values.starts); start++) {
      await rm(join(dir, ".samspel"), { recursive: true, force: true });
      for (const list of [cold, warm]) {
        const { child, tookMs } = await startDev(dir);
        list.push(tookMs);
        await child.stop();
      }
    }
    console.log(`cold start, ms:        ${median(cold).toFixed(0).padStart(6)}`);
    console.log(`warm start, ms:        ${median(warm).toFixed(0).padStart(6)}`);
    const run = await startDev(dir);
    await showMemory(run.child);
    console.log("save to serving, ms:      p50    p95");
    const own = await saveToServing(dir, run.url, "s");
    console.log(`  samspel dev          ${percentile(own, 0.5)} ${percentile(own, 0.95)}`);
    const other = await bare(dir, run.env);
    console.log(`  node --watch         ${percentile(other, 0.5)} ${percentile(other, 0.95)}`);
    await run.child.stop();
  } finally {
    await supervisor.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main();

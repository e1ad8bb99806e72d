// A project of small services in several languages, whose files a test changes; and a run of it that watches them.
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startDev, type Dev, type DevEvent, type DevOptions, type DevProblem } from "samspel";
import type { Test } from "tap";
import { databaseUrl, natsUrl } from "../../support/environment.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const fixtures = join(import.meta.dirname, "fixtures/watched");

/** How long anything may take on a slow machine. */
const deadlineMs = 60_000;

/** Services of the fixture, by what they are written in. */
export const watchedServices = {
  echo: { command: ["node", "--conditions=samspel-source", "echo/main.ts"] },
  script: { cwd: "script", command: ["node", "main.ts"] },
  python: { cwd: "python", command: ["python3", "main.py"] },
  go: { cwd: "go", build: ["go", "build", "-o", ".build/go", "."], command: [".build/go"] },
} as const;

export interface WatchedProject {
  readonly dir: string;
  read(file: string): Promise<string>;
  write(file: string, text: string): Promise<void>;
  /** Replaces the first text in a file; fails where it is not there. */
  edit(file: string, from: string, to: string): Promise<void>;
}

/** The fixture in a folder of its own, with these services. */
export async function watchedProject(
  t: Test,
  services: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<WatchedProject> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "samspel-watched-")));
  t.teardown(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  await cp(fixtures, dir, { recursive: true });
  await symlink(join(root, "node_modules"), join(dir, "node_modules"));
  const main = await readFile(join(dir, "echo/main.ts"), "utf8");
  await writeFile(join(dir, "echo/main.ts"), main.replace("../../../../..", join(root, "test")));
  const name = `w-${dir.slice(dir.lastIndexOf("-") + 1).toLowerCase()}`;
  const read = (file: string): Promise<string> => readFile(join(dir, file), "utf8");
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  };
  await write("samspel.json", JSON.stringify({ name, services, ...more }));
  return {
    dir,
    read,
    write,
    async edit(file, from, to) {
      const text = await read(file);
      if (!text.includes(from)) throw new Error(`${file} has no ${from}:\n${text}`);
      await write(file, text.replace(from, to));
    },
  };
}

export interface WatchedRun {
  readonly dev: Dev;
  readonly events: readonly DevEvent[];
  /** How many events of a type there were, of one service where it is named. */
  count(type: DevEvent["type"], name?: string): number;
  /** What a service answers now, at the port that people know. */
  ask(service: string): Promise<string>;
  /** Asks until the answer is this one. */
  untilAnswer(service: string, answer: string): Promise<void>;
  /** Waits for a problem of that kind. */
  untilProblem(kind: DevProblem["kind"]): Promise<DevProblem>;
  untilNoProblem(): Promise<void>;
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
}

/** Starts the project on the Postgres and NATS of the tests, with a registry of its own, and watches its files. */
export async function runWatched(
  t: Test,
  dir: string,
  options: Partial<DevOptions> = {},
): Promise<WatchedRun> {
  const events: DevEvent[] = [];
  const given = { DATABASE_URL: databaseUrl(), NATS_URL: natsUrl() };
  Object.assign(process.env, given);
  const dev = await startDev({
    project: dir,
    ports: "free",
    watch: true,
    reporter: {
      step: () => ({ progress() {}, done() {}, fail() {} }),
      event: (event) => events.push(event),
    },
    ...options,
  });
  t.teardown(() => dev.stop());

  const until: WatchedRun["until"] = async (what, holds) => {
    const deadline = performance.now() + deadlineMs;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`${what} did not come:\n${shown(events)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const ask = async (service: string): Promise<string> => {
    const found = dev.services.find(({ name }) => name === service);
    const path = service === "echo" ? "/samspel.test.v1.EchoService/Echo" : "/";
    const response = await fetch(`${found?.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close" },
      body: "{}",
    });
    const text = await response.text();
    return text.startsWith("{") ? String((JSON.parse(text) as { text?: unknown }).text) : text;
  };
  return {
    dev,
    events,
    ask,
    until,
    count: (type, name) =>
      events.filter(
        (event) => event.type === type && (name === undefined || ("name" in event && event.name === name)),
      ).length,
    untilAnswer: (service, answer) =>
      until(
        `the answer ${answer} of ${service}`,
        async () => (await ask(service).catch(() => "")) === answer,
      ),
    async untilProblem(kind) {
      let found: DevProblem | undefined;
      await until(`a problem of kind ${kind}`, () => {
        found = dev.system.problems().find((problem) => problem.kind === kind);
        return found !== undefined;
      });
      if (found === undefined) throw new Error("unreachable");
      return found;
    },
    untilNoProblem: () => until("the end of all problems", () => dev.system.problems().length === 0),
  };
}

function shown(events: readonly DevEvent[]): string {
  return events
    .slice(-60)
    .map((event) =>
      event.type === "output" ? `${event.service} │ ${event.line.text}` : JSON.stringify(event),
    )
    .join("\n");
}

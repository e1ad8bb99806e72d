// Postgres and NATS for all tests of this machine: started by whoever comes first, in a process of their own, the keeper.
//
//   S1. A connection to the keeper is a lease: it ends with its process, however that ends. The keeper stops when nobody has
//       had one for two minutes, and takes all that it stored along.
//   S2. One keeper at a time is started: under a file lock, which dies with its holder.
//   S3. Only who can read the keeper's record, a file for its owner's eyes, learns where infra is.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, acquireFileLock, InfraError } from "../../infra/index.ts";
import { nodeConditions } from "../node-conditions.ts";
import type { KeeperLine } from "./keeper-main.ts";
import type { KeeperRecord } from "./keeper.ts";

export interface InfraAddresses {
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A stale record may lead to somebody who never answers. */
const answerMs = 2_000;

const main = fileURLToPath(new URL(`keeper-main${extname(import.meta.filename)}`, import.meta.url));
/** What a keeper and its clients must agree in: their own files. */
const version = createHash("sha256").update(main).digest("hex").slice(0, 8);

let lease: Promise<InfraAddresses> | undefined;

/** A lease for the rest of this process's life; the same for all that ask. */
export function sharedInfra(environment: Environment): Promise<InfraAddresses> {
  lease ??= takeLease(environment, () => (lease = undefined)).catch((error: unknown) => {
    lease = undefined;
    throw error;
  });
  return lease;
}

async function takeLease(environment: Environment, onLost: () => void): Promise<InfraAddresses> {
  const folder = join(cacheFolder(environment), "test-infra", version);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const record = join(folder, "keeper.json");
  const running = await askKeeper(record, onLost);
  if (running !== undefined) return running;
  const lock = await acquireFileLock(join(folder, "start.lock"), { wait: () => true });
  try {
    // Somebody else may have been first.
    const others = await askKeeper(record, onLost);
    if (others !== undefined) return others;
    await startKeeper(record, environment);
    const own = await askKeeper(record, onLost);
    if (own !== undefined) return own;
  } finally {
    lock.release();
  }
  throw new InfraError(
    `Cannot use the infra that tests share as its keeper ended at once: set TEST_DATABASE_URL and TEST_NATS_URL, or delete ${folder}`,
  );
}

/** Undefined where no keeper runs. */
async function askKeeper(record: string, onLost: () => void): Promise<InfraAddresses | undefined> {
  const text = await readFile(record, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  // The keeper writes it; a stale one leads nowhere, or to somebody who does not know the token.
  const { port, token } = JSON.parse(text) as KeeperRecord;
  const socket = connect({ port, host: "127.0.0.1" });
  const answer = await firstLine(socket, token);
  if (answer === undefined) {
    socket.destroy();
    return undefined;
  }
  socket.once("close", onLost).unref();
  return answer;
}

/** Shows the token, and reads what the keeper says to it. */
function firstLine(socket: Socket, token: string): Promise<InfraAddresses | undefined> {
  return new Promise((resolve) => {
    let text = "";
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.on("error", () => resolve(undefined));
    socket.once("close", () => resolve(undefined));
    socket.write(`${token}\n`);
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("utf8");
      if (!text.includes("\n")) return;
      socket.setTimeout(0);
      try {
        // Whoever knows the token is the keeper.
        resolve(JSON.parse(text) as InfraAddresses);
      } catch {
        resolve(undefined);
      }
    });
  });
}

async function startKeeper(record: string, environment: Environment): Promise<void> {
  // The keeper is neither part of a test run, nor served by the infra of one.
  const {
    NODE_OPTIONS: _,
    DATABASE_URL: __,
    NATS_URL: ___,
    CONSUL_HTTP_ADDR: ____,
    ...inherited
  } = environment;
  const child = spawn(process.execPath, [...nodeConditions(), main, record], {
    detached: true,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    env: inherited,
  });
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text.toString("utf8")));
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("close", () =>
      reject(new InfraError(`The keeper of the infra that tests share ended at its start: ${errors.trim()}`)),
    );
  });
  failed.catch(() => {});
  try {
    await Promise.race([untilReady(child.stdout), failed]);
  } finally {
    child.stdout.destroy();
    child.stderr.destroy();
    child.unref();
  }
}

/** Waits for ever where the keeper ends without a word: its end is told by itself. */
async function untilReady(output: NodeJS.ReadableStream): Promise<void> {
  for await (const text of createInterface({ input: output })) {
    // The keeper writes nothing else.
    const line = JSON.parse(text) as KeeperLine;
    if (line.type === "ready") return;
    throw new InfraError(line.message);
  }
  await new Promise<never>(() => {});
}

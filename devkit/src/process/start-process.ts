// One supervised child: spawn, lines, state, stop.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Guard } from "./guard.ts";
import { endGroup, groupGone, signalGroup } from "./process-group.ts";
import type { OutputLine, ProcessExit, ProcessSpec, ProcessState, SupervisedProcess } from "./process.ts";

const maxLastLines = 50;
const defaultGraceMs = 10_000;
// What the child left behind may hold its output open; that must not hold us.
const outputGraceMs = 1000;

/** Starts the process in a group of its own, known to the guard before anything else can happen. */
export async function startProcess(spec: ProcessSpec, guard: Guard): Promise<SupervisedProcess> {
  const stopSignal = spec.stopSignal ?? "SIGTERM";
  const graceMs = spec.graceMs ?? defaultGraceMs;
  const child = spawn(spec.command, spec.args ?? [], {
    detached: true,
    stdio: spec.output === "inherit" ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...(spec.env === undefined ? {} : { env: spec.env }),
    ...spec.user,
  });
  const groupId = child.pid;
  if (groupId === undefined) throw await spawnError(child, spec);
  guard.tell({ type: "watch", groupId, tier: spec.tier ?? "service", stopSignal, graceMs });

  let state: ProcessState = { type: "running" };
  const lastLines: OutputLine[] = [];
  const listeners = new Set<(line: OutputLine) => void>();
  const outputs = (["stdout", "stderr"] as const).map((stream) =>
    readLines(child, stream, (text) => {
      const line: OutputLine = { stream, text };
      if (lastLines.push(line) > maxLastLines) lastLines.shift();
      for (const listener of listeners) listener(line);
    }),
  );

  const exited = new Promise<ProcessExit>((resolve) => {
    child.once("exit", (code, signal) =>
      resolve(signal === null ? { type: "exited", code: code ?? 0 } : { type: "killed", signal }),
    );
  });
  const ended = exited.then(async (exit) => {
    const asked = state.type === "stopping";
    // What a crashed leader leaves of its group is of no use to anyone (P2).
    if (!asked) signalGroup(groupId, "SIGKILL");
    await withinTime(Promise.all(outputs), asked ? graceMs + outputGraceMs : outputGraceMs);
    await groupGone(groupId, asked ? graceMs : outputGraceMs);
    state = { type: "ended", exit, asked };
    guard.tell({ type: "forget", groupId });
    return { exit, asked };
  });

  const end = async (signal: NodeJS.Signals, withinMs: number): Promise<ProcessExit> => {
    // Who is asked twice may take that for impatience: a second SIGTERM ends many programs at once.
    if (state.type === "running" || (state.type === "stopping" && signal === "SIGKILL")) {
      state = { type: "stopping" };
      await endGroup(groupId, signal, withinMs);
    }
    return (await ended).exit;
  };

  return {
    name: spec.name,
    pid: groupId,
    ended,
    lastLines,
    get state() {
      return state;
    },
    onLine(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: (signal = stopSignal) => end(signal, graceMs),
    kill: () => end("SIGKILL", 0),
  };
}

function readLines(
  child: ChildProcess,
  stream: "stdout" | "stderr",
  take: (text: string) => void,
): Promise<void> {
  const input = child[stream];
  if (input === null) return Promise.resolve();
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on("line", take);
  return new Promise((resolve) => lines.once("close", resolve));
}

async function withinTime(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([work, timeUp]);
  clearTimeout(timer);
}

async function spawnError(child: ChildProcess, spec: ProcessSpec): Promise<Error> {
  const cause = await new Promise<Error>((resolve) => child.once("error", resolve));
  const reason =
    "code" in cause && cause.code === "ENOENT" ? "no such command, or no such folder" : cause.message;
  const folder = spec.cwd === undefined ? "" : ` in ${spec.cwd}`;
  return new Error(`Cannot start ${spec.name} with \`${spec.command}\`${folder}: ${reason}`, { cause });
}

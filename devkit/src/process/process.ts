// What a supervised child process is: how it is started, watched and stopped.
//
// Each child leads a process group of its own (as with `setsid`), so that
//   P1. a Ctrl-C in the terminal reaches only us, and we stop the children in order;
//   P2. a stop reaches what the child itself started;
//   P3. the guard can end them all when we are killed (see guard.ts).

/** Services stop before the infra that they use. */
export type Tier = "service" | "infra";

/** How to start one process. */
export interface ProcessSpec {
  /** For errors and for people. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** Default: our own. */
  readonly cwd?: string;
  /** The whole environment of the child. Default: our own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Runs the child as this user; only root can. Default: our own. */
  readonly user?: SystemUser;
  /** Whether its output comes to us by lines, or goes where ours goes (a terminal, with its colours). Default `lines`. */
  readonly output?: "lines" | "inherit";
  /** Default `service`. */
  readonly tier?: Tier;
  /** What asks the process to end. Default `SIGTERM`, to the whole group. */
  readonly stopSignal?: "SIGTERM" | "SIGINT" | "SIGQUIT";
  /** How long it may take to end when asked, in milliseconds, before it is killed. Default 10,000. */
  readonly graceMs?: number;
}

/** A user of the operating system, by numbers. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** How a process ended: with a code, or by a signal. */
export type ProcessExit =
  | { readonly type: "exited"; readonly code: number }
  | { readonly type: "killed"; readonly signal: NodeJS.Signals };

/** Where a process is in its life. `asked` says whether we ended it: if not, it crashed or was killed by others. */
export type ProcessState =
  | { readonly type: "running" }
  | { readonly type: "stopping" }
  | { readonly type: "ended"; readonly exit: ProcessExit; readonly asked: boolean };

/** One line of output, without its line break. */
export interface OutputLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** A child process and what it started. */
export interface SupervisedProcess {
  readonly name: string;
  readonly pid: number;
  readonly state: ProcessState;
  /** Resolves when the process has ended and all its output was read; never rejects. */
  readonly ended: Promise<{ readonly exit: ProcessExit; readonly asked: boolean }>;
  /** The last lines of its output, oldest first, at most 50. */
  readonly lastLines: readonly OutputLine[];
  /** Calls the listener with each line from now on; returns how to stop that. */
  onLine(listener: (line: OutputLine) => void): () => void;
  /** Asks it to end, by its stop signal or another one; kills it after the grace; resolves when its whole group is gone. */
  stop(signal?: NodeJS.Signals): Promise<ProcessExit>;
  /** Kills its whole group at once with SIGKILL. */
  kill(): Promise<ProcessExit>;
}

/** `exited with code 1`, `was killed by SIGKILL`. */
export function describeExit(exit: ProcessExit): string {
  return exit.type === "exited" ? `exited with code ${exit.code}` : `was killed by ${exit.signal}`;
}

// `samspel join`: runs any program and joins it, or joins one that runs already.
//
//   R1. The program leaves the registry first, then it is asked to end (A2): calls that are on their way finish.
//   R2. It is asked by the signal that we got, once: it leads a group of its own, which a Ctrl-C in the terminal does not
//       reach. A second signal kills it.
//       SIGUSR1 and SIGUSR2 are passed on as they come.
//   R3. Our exit code is the program's: its code, or 128 and the number of the signal that ended it.
//   R4. It never outlives us, even when we are killed (see process/guard.ts).
import { constants } from "node:os";
import type { Registry } from "@samspel/registry";
import {
  describeExit,
  freePort,
  inspectPort,
  type ProcessExit,
  type SupervisedProcess,
  type Supervisor,
} from "../../process/index.ts";
import { JoinError } from "../join-error.ts";
import type { JoinedOptions } from "../joined-options.ts";
import { keepJoined, type JoinReporter } from "./keep-joined.ts";

export interface RunJoinedOptions extends JoinedOptions {
  /** The program and its arguments; without any, one that runs already is joined. `{port}` stands for the port. */
  readonly command: readonly string[];
  /** How long the program may take to end. */
  readonly graceMs: number;
}

export interface RunJoinedContext {
  readonly registry: Registry;
  readonly supervisor: Supervisor;
  readonly reporter: JoinReporter;
  /** The first and the second wish to end, by the names of their signals. */
  readonly signals: { readonly first: Promise<string>; readonly second: Promise<string> };
}

/** How long a stop waits for the registry: where it does not answer, it finds out by its check. */
const leaveWithinMs = 3_000;

/**
 * Runs until the program ends or a signal comes; resolves with the exit code.
 * What fails later is told, and the program ended: then the code is 1.
 * @throws JoinError, or Error, where the program cannot be started.
 */
export async function runJoined(given: RunJoinedOptions, context: RunJoinedContext): Promise<number> {
  const { registry, supervisor, reporter, signals } = context;
  const options = given.port === 0 ? { ...given, port: await freePort() } : given;
  const child = await startChild(options, given.port === 0, supervisor);
  const over = new AbortController();
  let asked: string | undefined;
  void signals.first.then((name) => {
    asked = name;
    over.abort();
  });
  void child?.ended.then(() => over.abort());
  void signals.second.then(() => child?.kill());

  using _passing = child === undefined ? undefined : passSignals(child);
  let failed = false;
  try {
    await keepJoined(registry, options, { reporter, signal: over.signal });
  } catch (error) {
    // One that died has told more by its own last words than we could by what we missed of it.
    failed = child?.state.type !== "ended";
    if (failed) reporter.fail(error);
  }
  await leave(registry, reporter);
  if (child === undefined) return failed ? 1 : 0;
  const died = child.state.type === "ended";
  const exit = await child.stop(signalOf(asked));
  if (died && asked === undefined) reporter.warn(`${options.name} ${describeExit(exit)}`);
  return failed ? 1 : codeOf(exit);
}

const passedSignals = ["SIGUSR1", "SIGUSR2"] as const;

/** What a program means by these is its own matter. */
function passSignals(child: SupervisedProcess): Disposable {
  const pass = (signal: NodeJS.Signals): void => {
    if (child.state.type !== "ended") process.kill(child.pid, signal);
  };
  for (const signal of passedSignals) process.on(signal, pass);
  return {
    [Symbol.dispose]() {
      for (const signal of passedSignals) process.off(signal, pass);
    },
  };
}

async function startChild(
  { name, host, port, command: [command, ...args], graceMs }: RunJoinedOptions,
  chosen: boolean,
  supervisor: Supervisor,
): Promise<SupervisedProcess | undefined> {
  if (command === undefined) return undefined;
  const state = await inspectPort(port, host).catch((error: unknown) => {
    // An address of another machine's, or of a load balancer: the program listens elsewhere.
    if (error instanceof Error && "code" in error && error.code === "EADDRNOTAVAIL") return inspectPort(port);
    throw error;
  });
  if (state.type === "taken") {
    const { by } = state;
    const holder = by === undefined ? "another program" : `process ${by.pid} (${by.command})`;
    throw new JoinError(
      `Cannot start ${name} as port ${port} is taken by ${holder}: end it, or give another --port; to join what runs there, leave the command out`,
    );
  }
  const own = chosen ? { PORT: String(port), SAMSPEL_PORT: String(port) } : {};
  return supervisor.start({
    name,
    command,
    args: args.map((argument) => argument.replaceAll("{port}", String(port))),
    env: { ...process.env, ...own },
    output: "inherit",
    graceMs,
  });
}

async function leave(registry: Registry, reporter: JoinReporter): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => (timer = setTimeout(resolve, leaveWithinMs, "late")));
  const left = registry.close().then(
    () => "left",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const outcome = await Promise.race([left, late]);
  clearTimeout(timer);
  if (outcome === "left") return;
  const why = outcome === "late" ? "the registry does not answer" : outcome;
  reporter.warn(`it may still be in the registry until its check fails: ${why}`);
}

/** A terminal that goes, and an output that nobody reads, mean what SIGTERM means. */
function signalOf(asked: string | undefined): NodeJS.Signals {
  return asked === "SIGINT" ? "SIGINT" : "SIGTERM";
}

function codeOf(exit: ProcessExit): number {
  return exit.type === "exited" ? exit.code : 128 + constants.signals[exit.signal];
}

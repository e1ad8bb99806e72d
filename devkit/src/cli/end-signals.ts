// The signals that end a run. The first asks, the second insists.

/**
 * What comes so soon after the first is its echo: Ctrl-C under `npm start` arrives twice, from the terminal and from npm,
 * which passes it on. A person takes longer.
 */
export const echoMs = 300;

const parentCheckMs = 250;

/** The first and the second wish to end. */
export interface EndSignals {
  readonly first: Promise<string>;
  readonly second: Promise<string>;
  /** As a signal of this name. */
  ask(name: string): void;
  close(): void;
}

/**
 * Listens for SIGINT, SIGTERM and SIGHUP, and looks for an output that nobody reads any more and for an npm that was
 * killed. What is gone asks once: only a person insists.
 */
export function listenForEndSignals(): EndSignals {
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  let firstAt: number | undefined;

  const onSignal = (name: string): void => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      first.resolve(name);
    } else if (now - firstAt > echoMs) second.resolve(name);
  };
  const onGone = (what: string): void => {
    if (firstAt === undefined) onSignal(what);
  };

  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, onSignal);
  process.stdout.on("error", () => onGone("closed output"));
  // An npm that is killed passes nothing on; its script gets another parent. Without npm that is nobody's wish: a run
  // in the background outlives the shell that started it.
  const parent = process.ppid;
  const underNpm = process.env["npm_lifecycle_event"] !== undefined;
  // It also keeps the process alive, which signals alone do not.
  const alive = setInterval(() => {
    if (underNpm && process.ppid !== parent) onGone("npm was killed");
  }, parentCheckMs);
  return {
    first: first.promise,
    second: second.promise,
    ask: onSignal,
    close() {
      clearInterval(alive);
      for (const name of names) process.off(name, onSignal);
    },
  };
}

// The signals that end a run. The first asks, the second insists.

/**
 * What comes so soon after the first is its echo: Ctrl-C under `npm start` arrives twice, from the terminal and from npm,
 * which passes it on. A person takes longer.
 */
export const echoMs = 300;

/** The first and the second wish to end. */
export interface EndSignals {
  readonly first: Promise<string>;
  readonly second: Promise<string>;
  close(): void;
}

/** Listens for SIGINT, SIGTERM and SIGHUP, and for an output that nobody reads any more. */
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
  const onOutputGone = (): void => onSignal("closed output");

  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, onSignal);
  process.stdout.on("error", onOutputGone);
  // Signals alone do not keep a process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  return {
    first: first.promise,
    second: second.promise,
    close() {
      clearInterval(alive);
      for (const name of names) process.off(name, onSignal);
    },
  };
}

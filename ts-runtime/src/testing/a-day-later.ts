// A clock that is a day ahead, to find handlers that read it: two calls in a row are mostly in the same millisecond.

const dayMs = 24 * 60 * 60 * 1_000;

/** Runs a synchronous function while `Date` says tomorrow. */
export function aDayLater<T>(work: () => T): T {
  const today = globalThis.Date;
  const now = (): number => today.now() + dayMs;
  globalThis.Date = new Proxy(today, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new today(now()).toString(),
    get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
  });
  try {
    return work();
  } finally {
    globalThis.Date = today;
  }
}

// Streams that outlive the server.
//
//   W1. A stream that ended or broke is opened again, after 0.3 s, then up to 3 s; what was shown stays until then.
//   W2. A page that nobody looks at holds no stream: a browser opens six connections to an origin over HTTP/1.1, and two
//       forgotten tabs would take them all.
import { isAbort } from "./failure.ts";

/** What to stream, and what to do with it. */
export interface WatchOptions<T> {
  readonly open: (signal: AbortSignal) => AsyncIterable<T>;
  readonly onItem: (item: T) => void;
  /** The stream begins anew: what comes replaces what was. */
  readonly onOpen?: (() => void) | undefined;
  /** Called with undefined once items come again. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

const firstDelayMs = 300;
const maxDelayMs = 3000;

/** Streams until the returned function is called. */
export function watch<T>(options: WatchOptions<T>): () => void {
  let current: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delayMs = firstDelayMs;

  async function run(controller: AbortController): Promise<void> {
    let failure: unknown = new Error("the stream ended");
    try {
      options.onOpen?.();
      for await (const item of options.open(controller.signal)) {
        delayMs = firstDelayMs;
        options.onFailure?.(undefined);
        options.onItem(item);
      }
    } catch (error) {
      failure = error;
    }
    if (controller.signal.aborted || current !== controller) return;
    if (!isAbort(failure)) options.onFailure?.(failure);
    current = undefined;
    timer = setTimeout(start, delayMs); // W1
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }

  function start(): void {
    clearTimeout(timer);
    if (current !== undefined || document.hidden) return;
    current = new AbortController();
    void run(current);
  }

  function stop(): void {
    clearTimeout(timer);
    current?.abort();
    current = undefined;
  }

  const onVisibility = (): void => (document.hidden ? stop() : start()); // W2
  document.addEventListener("visibilitychange", onVisibility);
  start();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    stop();
  };
}

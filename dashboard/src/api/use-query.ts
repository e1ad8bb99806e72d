// Answers of the server within a component.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { isAbort } from "./failure.ts";

/** An answer, or why there is none. After a failure the last answer stays. */
export interface Query<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  readonly refresh: () => void;
}

/** How an answer is kept fresh. */
export interface QueryOptions {
  /** Asks again so long after each answer, while somebody looks. Default: never. */
  readonly everyMs?: number | undefined;
}

interface State<T> {
  readonly key: string;
  readonly data: T | undefined;
  readonly error: unknown;
  readonly loading: boolean;
}

/** Asks when the component appears and whenever `key` changes; a key of undefined asks nothing. */
export function useQuery<T>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<T>,
  { everyMs }: QueryOptions = {},
): Query<T> {
  const [state, setState] = useState<State<T>>({ key: "", data: undefined, error: undefined, loading: true });
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;

  useEffect(() => {
    if (key === undefined) return undefined;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      clearTimeout(timer);
      if (document.hidden) return;
      try {
        const data = await latest.current(controller.signal);
        if (controller.signal.aborted) return;
        setState({ key, data, error: undefined, loading: false });
      } catch (error) {
        if (controller.signal.aborted || isAbort(error)) return;
        setState((old) => ({ key, data: old.key === key ? old.data : undefined, error, loading: false }));
      }
      if (everyMs !== undefined) timer = setTimeout(() => void run(), everyMs);
    };
    const onVisibility = (): void => {
      if (!document.hidden) void run();
    };
    if (everyMs !== undefined) document.addEventListener("visibilitychange", onVisibility);
    void run();
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(timer);
      controller.abort();
    };
  }, [key, turn, everyMs]);

  const refresh = useCallback(() => setTurn((old) => old + 1), []);
  const fresh = state.key === key;
  return {
    data: fresh ? state.data : undefined,
    error: fresh ? state.error : undefined,
    loading: key !== undefined && (!fresh || state.loading),
    refresh,
  };
}

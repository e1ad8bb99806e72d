// A live window on the system's log.
import { useEffect, useState } from "preact/hooks";
import type { LogLine } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard, watch } from "../../api/index.ts";

/** Which lines. */
export interface LogFilter {
  readonly service: string;
  readonly level: string;
  readonly text: string;
  readonly traceId: string;
}

// More would only cost: the server keeps what is older.
const maxLines = 5000;

/** The latest lines that match, up to 5,000, and those that come. Undefined until the first answer. */
export function useLogs(filter: LogFilter): {
  readonly lines: readonly LogLine[] | undefined;
  readonly error: unknown;
} {
  const [lines, setLines] = useState<readonly LogLine[] | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const { service, level, text, traceId } = filter;
  useEffect(() => {
    let fresh = true;
    let waiting: LogLine[] = [];
    let frame = 0;
    // Lines that come within a frame are drawn at once.
    const flush = (): void => {
      frame = 0;
      const [replaces, next] = [fresh, waiting];
      fresh = false;
      waiting = [];
      setLines((old) => (replaces ? next : [...(old ?? []), ...next]).slice(-maxLines));
    };
    const stop = watch({
      open: (signal) =>
        dashboard.watchLogs({ service, level, text, traceId, last: 1000, follow: true }, { signal }),
      onOpen: () => {
        fresh = true;
        waiting = [];
      },
      onItem: (answer) => {
        waiting.push(...answer.lines);
        if (frame === 0) frame = requestAnimationFrame(flush);
      },
      onFailure: setError,
    });
    return () => {
      cancelAnimationFrame(frame);
      stop();
    };
  }, [service, level, text, traceId]);
  return { lines, error };
}

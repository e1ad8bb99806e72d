// A live window on a topic. It goes on behind the last message after a break, so that nothing is missing or twice.
import { useEffect, useRef, useState } from "preact/hooks";
import { dashboard, watch } from "../../api/index.ts";
import { addToTail, emptyTail, type TailWindow } from "./tail-window.ts";

/** Where to begin. */
export type TailStart = "now" | "latest" | "beginning";

/** What to read. */
export interface TailQuery {
  readonly topic: string;
  readonly from: TailStart;
  /** Only of keys that contain it. */
  readonly key: string;
}

interface Shown {
  readonly tail: TailWindow;
  /** How many came, those that are not shown included. */
  readonly arrived: number;
  readonly listening: boolean;
}

const latestCount = 100;
const nothing: Shown = { tail: emptyTail, arrived: 0, listening: false };

/** What came; while it is on hold, what had come by then. What comes meanwhile waits. */
export function useTail({ topic, from, key }: TailQuery, held: boolean): Shown & { readonly error: unknown } {
  const [shown, setShown] = useState<Shown>(nothing);
  const [error, setError] = useState<unknown>(undefined);
  const latest = useRef<TailWindow>(emptyTail);
  const isHeld = useRef(held);
  isHeld.current = held;

  useEffect(() => {
    let last = 0n;
    let stream = "";
    let frame = 0;
    latest.current = emptyTail;
    setShown(nothing);
    // What comes within a frame is drawn at once.
    const flush = (): void => {
      frame = 0;
      const { current } = latest;
      setShown(({ tail }) => ({
        tail: isHeld.current ? tail : current,
        arrived: current.count,
        listening: true,
      }));
    };
    const stop = watch({
      open: (signal) => dashboard.watchTopic({ topic, key, from: placeOf(from, last), stream }, { signal }),
      onItem: ({ messages, stream: present }) => {
        // The number of the last message is one of its own stream, also where that one is away by now.
        if (messages.length > 0) stream = present;
        latest.current = addToTail(latest.current, messages);
        last = messages.at(-1)?.sequence ?? last;
        if (frame === 0) frame = requestAnimationFrame(flush);
      },
      onFailure: setError,
    });
    return () => {
      cancelAnimationFrame(frame);
      stop();
    };
  }, [topic, from, key]);

  useEffect(() => {
    if (!held) setShown((old) => ({ ...old, tail: latest.current, arrived: latest.current.count }));
  }, [held]);

  return { ...shown, error };
}

function placeOf(from: TailStart, last: bigint) {
  if (last > 0n) return { case: "afterSequence", value: last } as const;
  switch (from) {
    case "now":
      return { case: undefined } as const;
    case "latest":
      return { case: "last", value: latestCount } as const;
    case "beginning":
      return { case: "beginning", value: true } as const;
  }
}

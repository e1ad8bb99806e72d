// What is measured of a publication: what it published, what failed, and how far it is behind.
import type { HeldRange } from "../cluster/index.ts";
import type { Database } from "../postgres/index.ts";
import { createCounter, isMeasured, observeGauge } from "../telemetry/index.ts";
import { publicationProgress, type PublicationProgress } from "./publication-progress.ts";
import type { Publication } from "./publish.ts";

export interface PublicationMetrics extends Disposable {
  /** A message is stored. */
  published(): void;
  /** The broker did not take messages for now, or an event cannot be published. */
  failed(kind: "broker" | "event"): void;
  /** The ranges that are held from now on: those that the lag is told of. */
  holds(held: readonly HeldRange[]): void;
}

const unmeasured: PublicationMetrics = {
  published: () => {},
  failed: () => {},
  holds: () => {},
  [Symbol.dispose]: () => {},
};

/** One look serves all gauges of a collection. */
const freshMs = 500;

export function createPublicationMetrics(options: {
  readonly publication: Publication;
  readonly database: Database;
}): PublicationMetrics {
  if (!isMeasured()) return unmeasured;
  const attributes = { "messaging.destination.name": options.publication.topic.name };
  const published = createCounter("samspel.publication.messages");
  const failures = createCounter("samspel.publication.failures");
  let ranges: ReadonlySet<number> = new Set();
  let looked:
    | { readonly atMs: number; readonly progress: Promise<PublicationProgress | undefined> }
    | undefined;

  /** Only of ranges that are held, so that the sum over all instances counts each once. */
  const lag = async (of: (range: PublicationProgress["ranges"][number]) => number, sum: boolean) => {
    if (looked === undefined || performance.now() - looked.atMs > freshMs) {
      looked = {
        atMs: performance.now(),
        progress: publicationProgress(options).catch(() => undefined),
      };
    }
    const progress = await looked.progress;
    const values = progress?.ranges.filter(({ range }) => ranges.has(range)).map(of);
    if (values === undefined || values.length === 0) return undefined;
    return sum ? values.reduce((total, value) => total + value, 0) : Math.max(...values);
  };
  const gauges = [
    observeGauge("samspel.publication.lag.events", attributes, () => lag(({ lagEvents }) => lagEvents, true)),
    observeGauge("samspel.publication.lag.age", attributes, () => lag(({ lagMs }) => lagMs / 1_000, false)),
  ];
  return {
    published: () => published(1, attributes),
    failed: (kind) => failures(1, { ...attributes, "error.type": kind }),
    holds(held) {
      ranges = new Set(held.map(({ range }) => range));
    },
    [Symbol.dispose]() {
      for (const gauge of gauges) gauge[Symbol.dispose]();
    },
  };
}

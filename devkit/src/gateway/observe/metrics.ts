// What the gateway counts, as Prometheus reads it (text format 0.0.4).
import type { Incoming } from "../http/incoming.ts";

export interface GatewayMetrics {
  begin(): void;
  end(incoming: Incoming, durationMs: number): void;
  /** What `/metrics` shows. */
  text(): string;
}

const bounds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

export function createGatewayMetrics(): GatewayMetrics {
  const requests = new Map<string, number>();
  const durations = new Map<string, Histogram>();
  let inFlight = 0;
  return {
    begin: () => void (inFlight += 1),
    end({ outcome: { protocol, method, code } }, durationMs) {
      inFlight -= 1;
      // Paths of strangers must not become labels: what reached no method is counted as one.
      const labels = labelsOf({ protocol, method: method ?? "", code: code ?? "" });
      requests.set(labels, (requests.get(labels) ?? 0) + 1);
      if (method === undefined) return;
      const key = labelsOf({ protocol, method });
      const histogram = durations.get(key) ?? { counts: bounds.map(() => 0), sum: 0, count: 0 };
      durations.set(key, histogram);
      const seconds = durationMs / 1_000;
      histogram.sum += seconds;
      histogram.count += 1;
      for (const [index, bound] of bounds.entries()) {
        if (seconds <= bound) histogram.counts[index] = (histogram.counts[index] ?? 0) + 1;
      }
    },
    text() {
      const lines = [
        "# HELP samspel_gateway_requests_total Requests that have ended.",
        "# TYPE samspel_gateway_requests_total counter",
        ...Array.from(requests, ([labels, count]) => `samspel_gateway_requests_total{${labels}} ${count}`),
        "# HELP samspel_gateway_request_duration_seconds From the head of a call to the end of its answer.",
        "# TYPE samspel_gateway_request_duration_seconds histogram",
        ...Array.from(durations, ([labels, histogram]) => histogramLines(labels, histogram)).flat(),
        "# HELP samspel_gateway_requests_in_flight Requests that have not ended.",
        "# TYPE samspel_gateway_requests_in_flight gauge",
        `samspel_gateway_requests_in_flight ${inFlight}`,
      ];
      return `${lines.join("\n")}\n`;
    },
  };
}

function histogramLines(labels: string, { counts, sum, count }: Histogram): readonly string[] {
  const name = "samspel_gateway_request_duration_seconds";
  return [
    ...bounds.map((bound, index) => `${name}_bucket{${labels},le="${bound}"} ${counts[index] ?? 0}`),
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sum}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

/** Values are names of methods and codes: none has a quote, a backslash or a line break. */
function labelsOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");
}

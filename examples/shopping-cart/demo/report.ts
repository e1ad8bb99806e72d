// What the demo prints.
import type { DemoResult } from "./demo.ts";

/** The result in words: what was done, how fast, and what the books say. */
export function report({ carts, tally, latencies, shoppingMs, findings }: DemoResult): string {
  const checkedOut = carts.filter((cart) => cart.checkedOut).length;
  const seconds = shoppingMs / 1_000;
  return [
    `${carts.length} trips in ${seconds.toFixed(1)} s: ${checkedOut} checked out, ${carts.length - checkedOut} abandoned or refused`,
    `${tally.requests} requests (${(tally.requests / seconds).toFixed(0)}/s), ${tally.resent} of them sent twice, ${tally.rejected} rejected, ${tally.retried} tries repeated as something was away`,
    "",
    `  ${"request".padEnd(10)}${"count".padStart(7)}${"p50 ms".padStart(9)}${"p95 ms".padStart(9)}${"p99 ms".padStart(9)}`,
    ...latencies.map(
      ({ name, count, p50Ms, p95Ms, p99Ms }) =>
        `  ${name.padEnd(10)}${String(count).padStart(7)}${milliseconds(p50Ms)}${milliseconds(p95Ms)}${milliseconds(p99Ms)}`,
    ),
    "",
    "The books:",
    ...findings.flatMap(({ check, compared, differences }) => [
      `  ${differences.length === 0 ? "✔" : "✘"} ${check} (${compared} compared)`,
      ...differences.slice(0, 10).map((difference) => `      ${difference}`),
      ...(differences.length > 10 ? [`      … and ${differences.length - 10} more`] : []),
    ]),
  ].join("\n");
}

function milliseconds(ms: number): string {
  return ms.toFixed(1).padStart(9);
}

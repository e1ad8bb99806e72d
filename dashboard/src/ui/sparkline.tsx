// A small curve.
import type { VNode } from "preact";

const width = 96;
const height = 22;

/** The latest values, from 0 to their highest. */
export function Sparkline({ values }: { readonly values: readonly number[] }): VNode {
  const top = Math.max(...values, 0.001);
  const step = width / 47;
  const start = width - (values.length - 1) * step;
  const points = values.map(
    (value, index) =>
      `${(start + index * step).toFixed(1)},${(height - 2 - (value / top) * (height - 5)).toFixed(1)}`,
  );
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {values.length > 1 && <polyline points={points.join(" ")} />}
    </svg>
  );
}

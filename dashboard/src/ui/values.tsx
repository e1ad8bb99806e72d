// Names and what they stand for, such as headers and attributes.
import type { VNode } from "preact";

/** By name. */
export function Values({
  values,
  none = "None.",
}: {
  readonly values: Readonly<Record<string, string>>;
  /** What stands there where there are none. */
  readonly none?: string;
}): VNode {
  const entries = Object.entries(values).sort(([a], [b]) => a.localeCompare(b));
  if (entries.length === 0) return <p class="faint">{none}</p>;
  return (
    <dl class="values">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

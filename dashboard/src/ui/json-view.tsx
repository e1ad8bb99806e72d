// JSON with colours, folded where it is deep.
import type { VNode } from "preact";
import { isJsonObject, type Json } from "../format/index.ts";
import { CopyButton } from "./basics.tsx";

const openDepth = 3;
const maxEntries = 200;

/** Shows JSON; `label` names it for those who hear the page. */
export function JsonView({ value, label }: { readonly value: Json; readonly label: string }): VNode {
  return (
    <div class="json" role="group" aria-label={label} tabIndex={0}>
      <div class="json-copy">
        <CopyButton text={JSON.stringify(value, null, 2)} label="Copy" />
      </div>
      <Value value={value} depth={0} />
    </div>
  );
}

function Value({ value, depth }: { readonly value: Json; readonly depth: number }): VNode {
  if (Array.isArray(value)) {
    return (
      <Folder depth={depth} brackets="[]" entries={value.map((item: Json) => [undefined, item] as const)} />
    );
  }
  if (isJsonObject(value)) return <Folder depth={depth} brackets="{}" entries={Object.entries(value)} />;
  return <span class={`json-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</span>;
}

function Folder({
  entries,
  brackets,
  depth,
}: {
  readonly entries: readonly (readonly [string | undefined, Json])[];
  readonly brackets: "[]" | "{}";
  readonly depth: number;
}): VNode {
  const [open, close] = [brackets[0], brackets[1]];
  if (entries.length === 0) return <span class="json-mark">{brackets}</span>;
  return (
    <details class="json-folder" open={depth < openDepth}>
      <summary>
        <span class="json-mark">{open}</span>
        <span class="json-count">{entries.length}</span>
      </summary>
      <div class="json-entries">
        {entries.slice(0, maxEntries).map(([name, item], index) => (
          <div key={name ?? index}>
            {name !== undefined && <span class="json-name">{name}: </span>}
            <Value value={item} depth={depth + 1} />
          </div>
        ))}
        {entries.length > maxEntries && <div class="faint">… {entries.length - maxEntries} more</div>}
      </div>
      <span class="json-mark">{close}</span>
    </details>
  );
}

// All methods, under their proto services.
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { href, param } from "../../router/index.ts";
import { FilterInput, VirtualList } from "../../ui/index.ts";
import { pathOf } from "./draft.ts";

type TreeRow =
  | { readonly type: "service"; readonly name: string; readonly by: string }
  | { readonly type: "method"; readonly method: Method };

const rowHeight = 32;

/** What goes and what comes, in a sign of two letters. */
export function kindOf(method: Method): { readonly sign: string; readonly text: string } {
  if (method.topic !== "") return { sign: "topic", text: "topic" };
  if (method.clientStreaming && method.serverStreaming) return { sign: "⇄", text: "streams both ways" };
  if (method.clientStreaming) return { sign: "⇉", text: "stream of requests" };
  if (method.serverStreaming) return { sign: "⇇", text: "stream of answers" };
  return { sign: "", text: "call" };
}

/** A list that filters as one types. */
export function MethodTree({
  methods,
  chosen,
}: {
  readonly methods: readonly Method[];
  readonly chosen: string;
}): VNode {
  const [filter, setFilter] = useState(param("filter") ?? "");
  const rows = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const found = methods.filter((method) => {
      const text = `${pathOf(method)} ${method.services.join(" ")}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return found.flatMap((method, index): readonly TreeRow[] => {
      const row: TreeRow = { type: "method", method };
      if (found[index - 1]?.protoService === method.protoService) return [row];
      return [{ type: "service", name: method.protoService, by: method.services.join(", ") }, row];
    });
  }, [methods, filter]);
  return (
    <section class="method-tree" aria-label="Methods">
      <FilterInput label="Filter methods" value={filter} onInput={setFilter} />
      {rows.length === 0 && <p class="faint">No method is called that.</p>}
      <VirtualList
        items={rows}
        rowHeight={rowHeight}
        label="Methods"
        keyOf={(row) => (row.type === "service" ? row.name : pathOf(row.method))}
        row={(row) =>
          row.type === "service" ? (
            <div role="listitem" class="tree-service" title={row.name}>
              <span>{row.name}</span>
              <span class="faint">{row.by}</span>
            </div>
          ) : (
            <div role="listitem" class="tree-method">
              <a
                href={href("api", { method: pathOf(row.method), filter })}
                data-row
                aria-current={pathOf(row.method) === chosen ? "true" : undefined}
              >
                {row.method.name}
                <span class="tree-kind" title={kindOf(row.method).text}>
                  {kindOf(row.method).sign}
                </span>
              </a>
            </div>
          )
        }
      />
    </section>
  );
}

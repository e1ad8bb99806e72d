// Log lines, one under the other; the chosen one shows all that it has. Also the logs of a trace.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { LogLine } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { href } from "../../router/index.ts";
import { formatClock, parseJson, timeMs } from "../../format/index.ts";
import { JsonView, VirtualList } from "../../ui/index.ts";

const rowHeight = 26;

/** Shows lines, by time. */
export function LogLines({
  lines,
  follow,
  onFollow,
  short,
}: {
  readonly lines: readonly LogLine[];
  readonly follow?: boolean | undefined;
  readonly onFollow?: ((follow: boolean) => void) | undefined;
  /** For a few lines within another page. */
  readonly short?: boolean | undefined;
}): VNode {
  const [chosen, setChosen] = useState<LogLine | undefined>(undefined);
  return (
    <div class="logs">
      <VirtualList
        items={lines}
        rowHeight={rowHeight}
        label="Log lines"
        class={short === true ? "log-list short" : "log-list"}
        follow={follow}
        onFollow={onFollow}
        keyOf={(line) => String(line.number)}
        row={(line) => (
          <div role="listitem" class={`log-line level-${line.level === "" ? "none" : line.level}`}>
            <button
              type="button"
              data-row
              aria-expanded={line === chosen}
              onClick={() => setChosen(line === chosen ? undefined : line)}
            >
              <span class="log-time">{formatClock(timeMs(line.time))}</span>
              <span class="log-level">{line.level === "" ? "·" : line.level}</span>
              <span class="log-service">{line.service}</span>
              <span class="log-message">{line.message}</span>
            </button>
          </div>
        )}
      />
      {chosen !== undefined && <LogDetail line={chosen} onClose={() => setChosen(undefined)} />}
    </div>
  );
}

function LogDetail({ line, onClose }: { readonly line: LogLine; readonly onClose: () => void }): VNode {
  const fields = line.fields === "" ? undefined : parseJson(line.fields);
  return (
    <section class="log-detail" aria-label="Log line">
      <header>
        <strong>{line.service}</strong>
        <span class="faint">{formatClock(timeMs(line.time))}</span>
        {line.traceId !== "" && <a href={href("traces", { trace: line.traceId })}>Its trace</a>}
        <button type="button" class="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      <pre class="log-text" tabIndex={0} aria-label="Message">
        {line.message}
      </pre>
      {fields !== undefined && <JsonView value={fields} label="Fields" />}
    </section>
  );
}

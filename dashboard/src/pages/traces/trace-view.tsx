// One trace: the waterfall across services, and all that a span has.
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { dashboard, useQuery } from "../../api/index.ts";
import { href, param, setParams } from "../../router/index.ts";
import { counted, formatClock, formatMs } from "../../format/index.ts";
import { CopyButton, Empty, Failed, Loading, Page, Tag, VirtualList } from "../../ui/index.ts";
import { LogLines } from "../logs/index.ts";
import { serviceHue } from "./hue.ts";
import { SpanDetail } from "./span-detail.tsx";
import { shortName, unfolded, waterfall, type SpanRow, type Waterfall } from "./waterfall-model.ts";

// A trace goes on after its first answer: tells, topics and projections follow.
const refreshMs = 2500;
const rowHeight = 32;
// Beyond it a duration has no room right of its bar.
const roomUntil = 88;

/** Asks again while the page is open, as late spans come. */
export function TraceView({ traceId }: { readonly traceId: string }): VNode {
  const answer = useQuery(`trace/${traceId}`, (signal) => dashboard.getTrace({ traceId }, { signal }), {
    everyMs: refreshMs,
  });
  const spans = answer.data?.spans;
  const model = useMemo(() => (spans === undefined ? undefined : waterfall(spans)), [spans]);
  const root = model?.rows[0]?.span;
  return (
    <Page
      title={
        <>
          <a class="crumb" href={href("traces")}>
            Traces
          </a>{" "}
          {root?.name ?? traceId.slice(0, 8)}
        </>
      }
      lead={
        model !== undefined && (
          <>
            {formatMs(model.totalMs)} · {counted(model.rows.length, "span")} · began{" "}
            {formatClock(model.startMs)} · <code>{traceId}</code>
          </>
        )
      }
      actions={<CopyButton text={traceId} label="Copy id" />}
    >
      {answer.data === undefined && answer.error !== undefined && (
        <Empty title="This trace is not here">
          <Failed error={answer.error} retry={answer.refresh} />
          The dashboard keeps the latest traces in memory. A call that was made a moment ago may take a second
          to arrive.
        </Empty>
      )}
      {answer.loading && <Loading what="the trace" />}
      {model !== undefined && (
        <>
          <WaterfallView model={model} />
          <h2>Logs of this trace</h2>
          {(answer.data?.logs.length ?? 0) === 0 ? (
            <Empty title="No line belongs to it">
              Lines that are logged within a call carry its trace id.
            </Empty>
          ) : (
            <LogLines lines={answer.data?.logs ?? []} short />
          )}
        </>
      )}
    </Page>
  );
}

function WaterfallView({ model }: { readonly model: Waterfall }): VNode {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const chosen = param("span");
  const rows = useMemo(() => unfolded(model.rows, folded), [model, folded]);
  const span = model.rows.find((row) => row.span.spanId === chosen)?.span;
  const fold = (id: string): void => {
    const next = new Set(folded);
    if (!next.delete(id)) next.add(id);
    setFolded(next);
  };
  return (
    <div class={span === undefined ? "trace" : "trace with-detail"}>
      <VirtualList
        items={rows}
        rowHeight={rowHeight}
        label="Spans"
        class="waterfall"
        keyOf={(row) => row.span.spanId}
        head={<Scale totalMs={model.totalMs} />}
        row={(row) => (
          <SpanItem
            row={row}
            totalMs={model.totalMs}
            chosen={row.span.spanId === chosen}
            folded={folded.has(row.span.spanId)}
            onFold={() => fold(row.span.spanId)}
          />
        )}
      />
      {span !== undefined && <SpanDetail span={span} />}
    </div>
  );
}

function Scale({ totalMs }: { readonly totalMs: number }): VNode {
  return (
    <div class="scale" aria-hidden="true">
      <span />
      <span class="scale-marks">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part}>{formatMs(totalMs * part)}</span>
        ))}
      </span>
    </div>
  );
}

function SpanItem({
  row,
  totalMs,
  chosen,
  folded,
  onFold,
}: {
  readonly row: SpanRow;
  readonly totalMs: number;
  readonly chosen: boolean;
  readonly folded: boolean;
  readonly onFold: () => void;
}): VNode {
  const { span } = row;
  const left = (row.startMs / totalMs) * 100;
  const width = Math.max(0.4, (row.durationMs / totalMs) * 100);
  return (
    <div role="listitem" class={`span ${chosen ? "chosen" : ""} ${span.error ? "span-bad" : ""}`}>
      <span class="span-head" style={{ paddingLeft: `${Math.min(row.depth, 16) * 12}px` }}>
        {row.below > 0 ? (
          <button
            type="button"
            class="fold"
            aria-expanded={!folded}
            aria-label={`${folded ? "Unfold" : "Fold"} ${span.name}`}
            onClick={onFold}
          >
            {folded ? "▸" : "▾"}
          </button>
        ) : (
          <span class="fold" />
        )}
        <button
          type="button"
          class="span-name"
          data-row
          aria-pressed={chosen}
          title={`${span.service}: ${span.name}`}
          onClick={() => setParams({ span: chosen ? undefined : span.spanId })}
        >
          <span class={`hue hue-${serviceHue(span.service)}`} aria-hidden="true" />
          <span class="span-service">{span.service}</span>
          <span class="span-title">{shortName(span.name)}</span>
          {row.work !== "ask" && row.work !== "work" && <Tag kind={row.work}>{row.work}</Tag>}
          {span.error && <Tag kind="bad">failed</Tag>}
        </button>
      </span>
      <span class="span-track" aria-hidden="true">
        <span
          class={`span-bar hue-${serviceHue(span.service)}`}
          style={{ left: `${left}%`, width: `${Math.min(width, 100 - left)}%` }}
        />
        <span class="span-time" style={timePlace(left, Math.min(left + width, 100))}>
          {formatMs(row.durationMs)}
        </span>
      </span>
    </div>
  );
}

/** Right of the bar; left of it, or in its end, where there is no room. In hundredths of the track. */
function timePlace(from: number, to: number): { readonly left?: string; readonly right?: string } {
  if (to <= roomUntil) return { left: `${to + 0.6}%` };
  return from >= 100 - roomUntil ? { right: `${100 - from + 0.6}%` } : { right: `${100 - to + 0.6}%` };
}

// The latest traces.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { TraceSummary } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard, useQuery } from "../../api/index.ts";
import { href, param, setParams } from "../../router/index.ts";
import { counted, durationMs, formatMs, timeMs, toDuration } from "../../format/index.ts";
import {
  Ago,
  Check,
  Empty,
  Failed,
  FilterInput,
  Loading,
  Page,
  Select,
  ServiceSelect,
  Tag,
} from "../../ui/index.ts";
import { serviceHue } from "./hue.ts";
import { TraceView } from "./trace-view.tsx";
import { shortName } from "./waterfall-model.ts";

const refreshMs = 2000;
const limit = 200;
const atLeast = ["", "10", "50", "100", "500", "1000", "5000"] as const;

/** The list, or one trace of it. */
export function TracesPage(): VNode {
  const trace = param("trace");
  return trace === undefined ? <TraceList /> : <TraceView key={trace} traceId={trace} />;
}

function TraceList(): VNode {
  const service = param("service") ?? "";
  const text = param("text") ?? "";
  const errors = param("errors") === "true";
  const min = param("min") ?? "";
  const [live, setLive] = useState(true);
  const answer = useQuery(
    `${service}|${text}|${errors}|${min}`,
    (signal) =>
      dashboard.listTraces(
        { service, text, errors, limit, ...(min === "" ? {} : { minDuration: toDuration(Number(min)) }) },
        { signal },
      ),
    live ? { everyMs: refreshMs } : {},
  );
  const traces = answer.data?.traces;
  const filtered = service !== "" || text !== "" || errors || min !== "";
  const longest = (traces ?? []).reduce((most, one) => Math.max(most, durationMs(one.duration)), 0.001);
  return (
    <Page
      title="Traces"
      lead="Each call and all that came of it: calls, tells, messages, projections, across services."
    >
      <div class="filters">
        <ServiceSelect value={service} onChange={(next) => setParams({ service: next })} />
        <FilterInput
          label="Spans or values that contain"
          value={text}
          onInput={(next) => setParams({ text: next })}
        />
        <Select
          label="Duration"
          value={min}
          onChange={(next) => setParams({ min: next })}
          options={atLeast.map((ms) => ({
            value: ms,
            text: ms === "" ? "Any duration" : `${formatMs(Number(ms))} or more`,
          }))}
        />
        <Check
          label="Only failed"
          checked={errors}
          onChange={(on) => setParams({ errors: on ? "true" : undefined })}
        />
        <Check label="Live" checked={live} onChange={setLive} />
      </div>
      {answer.error !== undefined && <Failed error={answer.error} retry={answer.refresh} />}
      {answer.loading && <Loading what="traces" />}
      {traces?.length === 0 &&
        (filtered ? (
          <Empty title="No trace is like that">
            Only the latest traces are kept. Loosen the filter, or make the call again.
          </Empty>
        ) : (
          <Empty title="No trace yet">
            Make a call, from <a href={href("api")}>the API page</a> for instance: its trace appears here
            within a second. Services send spans by OpenTelemetry; those that <code>samspel dev</code> starts
            know where to.
          </Empty>
        ))}
      {traces !== undefined && traces.length > 0 && (
        <ul class="trace-list">
          {traces.map((trace) => (
            <TraceItem key={trace.traceId} trace={trace} longest={longest} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function TraceItem({ trace, longest }: { readonly trace: TraceSummary; readonly longest: number }): VNode {
  const ms = durationMs(trace.duration);
  // By the logarithm: a slow one does not hide what the others have.
  const share = Math.max(2, (Math.log10(1 + ms) / Math.log10(1 + longest)) * 100);
  return (
    <li>
      <a href={href("traces", { trace: trace.traceId })} data-row class="trace-item">
        <span class="trace-name">
          {trace.errors > 0 && <Tag kind="bad">{trace.errors} failed</Tag>}
          <span title={trace.name}>{shortName(trace.name)}</span>
        </span>
        <span class="trace-services">
          {trace.services.slice(0, 5).map((name) => (
            <span key={name} class="trace-service">
              <span class={`hue hue-${serviceHue(name)}`} aria-hidden="true" />
              {name}
            </span>
          ))}
          {trace.services.length > 5 && <span class="faint">+{trace.services.length - 5}</span>}
        </span>
        <span class="trace-bar" aria-hidden="true">
          <span class={trace.errors > 0 ? "bad" : ""} style={{ width: `${share}%` }} />
        </span>
        <span class="trace-ms">{formatMs(ms)}</span>
        <span class="trace-spans faint">{counted(trace.spans, "span")}</span>
        <span class="trace-ago faint">
          <Ago ms={timeMs(trace.start)} />
        </span>
      </a>
    </li>
  );
}

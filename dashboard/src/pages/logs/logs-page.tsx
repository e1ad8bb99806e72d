// What all services say, in one stream.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { href, param, setParams } from "../../router/index.ts";
import { Check, Empty, Failed, FilterInput, Loading, Page, Select, ServiceSelect } from "../../ui/index.ts";
import { LogLines } from "./log-lines.tsx";
import { useLogs } from "./use-logs.ts";

const levels = ["", "debug", "info", "warn", "error"] as const;

/** Filters above, lines below. */
export function LogsPage(): VNode {
  const filter = {
    service: param("service") ?? "",
    level: param("level") ?? "",
    text: param("text") ?? "",
    traceId: param("trace") ?? "",
  };
  const [follow, setFollow] = useState(true);
  const { lines, error } = useLogs(filter);
  return (
    <Page title="Logs" class="page-fill">
      <div class="filters">
        <ServiceSelect value={filter.service} onChange={(service) => setParams({ service })} />
        <Select
          label="Level"
          value={filter.level}
          onChange={(level) => setParams({ level })}
          options={levels.map((level) => ({
            value: level,
            text: level === "" ? "All levels" : `${level} and graver`,
          }))}
        />
        <FilterInput label="Lines that contain" value={filter.text} onInput={(text) => setParams({ text })} />
        <Check label="Follow" checked={follow} onChange={setFollow} />
        {filter.traceId !== "" && (
          <span class="chip">
            of trace <a href={href("traces", { trace: filter.traceId })}>{filter.traceId.slice(0, 8)}</a>
            <button
              type="button"
              class="quiet"
              aria-label="Of all traces"
              onClick={() => setParams({ trace: undefined })}
            >
              ×
            </button>
          </span>
        )}
      </div>
      {error !== undefined && lines === undefined && <Failed error={error} />}
      {lines === undefined ? (
        error === undefined && <Loading what="log lines" />
      ) : lines.length === 0 ? (
        <Empty title="No line yet">
          What services write to their output appears here as it comes. JSON lines, as Samspel's own logger
          writes them, can be filtered by level and lead to their traces.
        </Empty>
      ) : (
        <LogLines lines={lines} follow={follow} onFollow={setFollow} />
      )}
    </Page>
  );
}

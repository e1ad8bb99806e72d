// One entity: what happened to it, and what it was after each event.
import type { VNode } from "preact";
import type { EntityType, HistoryEntry } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { serviceClients, useQuery } from "../../api/index.ts";
import { href, param, setParams } from "../../router/index.ts";
import { formatClock, timeMs, type Json } from "../../format/index.ts";
import { Empty, Failed, Loading, Page } from "../../ui/index.ts";
import { EntityCommands } from "./entity-commands.tsx";
import { StateView } from "./state-view.tsx";
import { historyStart, historySize } from "./history-window.ts";

const refreshMs = 2000;

/** Events on the left, the state of the chosen revision on the right. */
export function EntityView({
  service,
  type,
  id,
}: {
  readonly service: string;
  readonly type: EntityType;
  readonly id: string;
}): VNode {
  const { inspection } = serviceClients(service);
  const whose = { entityType: type.name, entityId: id };
  const newest = useQuery("newest", (signal) => inspection.getState(whose, { signal }), {
    everyMs: refreshMs,
  });
  const last = Number(newest.data?.revision ?? 0n);
  const asked = param("revision");
  const revision = asked === undefined ? last : Math.min(last, Math.max(0, Number(asked) || 0));
  const start = historyStart(last, revision);
  const history = useQuery(newest.data === undefined ? undefined : `${start}/${last}`, (signal) =>
    inspection.getHistory({ ...whose, afterRevision: BigInt(start), limit: historySize }, { signal }),
  );
  const entries = history.data?.entries ?? [];
  const choose = (next: number): void => setParams({ revision: next === last ? undefined : String(next) });
  return (
    <Page
      title={
        <>
          <a class="crumb" href={href("entities", { service, type: type.name })}>
            {type.name}
          </a>{" "}
          {id}
        </>
      }
      lead={
        <>
          of <a href={href("system", { service })}>{service}</a>, at revision {last}
        </>
      }
    >
      {newest.error !== undefined && <Failed error={newest.error} retry={newest.refresh} />}
      {newest.loading && <Loading what="the entity" />}
      {newest.data !== undefined && last === 0 && (
        <Empty title="Nothing happened to it yet">
          This id has no event. Its first command brings it into being.
        </Empty>
      )}
      {last > 0 && (
        <>
          <TimeSlider last={last} revision={revision} onChange={choose} />
          <div class="entity">
            <History entries={entries} chosen={revision} onChoose={choose} start={start} last={last} />
            <StateView
              service={service}
              type={type.name}
              id={id}
              revision={revision}
              last={last}
              entry={entries.find((entry) => Number(entry.revision) === revision)}
              before={stateBefore(entries, revision)}
            />
          </div>
        </>
      )}
      <EntityCommands type={type} id={id} onDone={newest.refresh} />
    </Page>
  );
}

/** The state before an event, where the shown history has it. */
function stateBefore(entries: readonly HistoryEntry[], revision: number): Json | undefined {
  return entries.find((entry) => Number(entry.revision) === revision - 1)?.state;
}

function TimeSlider({
  last,
  revision,
  onChange,
}: {
  readonly last: number;
  readonly revision: number;
  readonly onChange: (revision: number) => void;
}): VNode {
  return (
    <div class="time">
      <button type="button" disabled={revision === 0} onClick={() => onChange(revision - 1)}>
        Before
      </button>
      <label>
        <span class="time-label">
          {revision === last
            ? `now, revision ${last}`
            : revision === 0
              ? "before the first event"
              : `after revision ${revision} of ${last}`}
        </span>
        <input
          type="range"
          min={0}
          max={last}
          value={revision}
          aria-label="Revision"
          aria-valuetext={revision === last ? `now, revision ${last}` : `revision ${revision} of ${last}`}
          onInput={(event) => onChange(Number(event.currentTarget.value))}
        />
      </label>
      <button type="button" disabled={revision === last} onClick={() => onChange(revision + 1)}>
        Next
      </button>
      <button type="button" class="quiet" disabled={revision === last} onClick={() => onChange(last)}>
        Now
      </button>
    </div>
  );
}

function History({
  entries,
  chosen,
  onChoose,
  start,
  last,
}: {
  readonly entries: readonly HistoryEntry[];
  readonly chosen: number;
  readonly onChoose: (revision: number) => void;
  readonly start: number;
  readonly last: number;
}): VNode {
  return (
    <section aria-label="History" class="history">
      <ol reversed start={start + entries.length}>
        {entries.toReversed().map((entry) => {
          const revision = Number(entry.revision);
          const trace = entry.metadata["traceparent"]?.split("-")[1];
          return (
            <li key={revision} class={revision > chosen ? "later" : ""}>
              <button
                type="button"
                data-row
                aria-pressed={revision === chosen}
                class="event"
                onClick={() => onChoose(revision)}
              >
                <span class="event-revision">{revision}</span>
                <span class="event-names">{eventText(entry)}</span>
                <span class="event-values mono">{valuesText(entry)}</span>
                <span class="faint">{formatClock(timeMs(entry.recordedAt))}</span>
              </button>
              {trace !== undefined && (
                <a
                  class="event-trace"
                  href={href("traces", { trace })}
                  aria-label={`Trace of revision ${revision}`}
                >
                  trace
                </a>
              )}
            </li>
          );
        })}
      </ol>
      {(start > 0 || start + entries.length < last) && (
        <p class="faint">
          Revisions {start + 1} to {start + entries.length} of {last}; move the slider for others.
        </p>
      )}
    </section>
  );
}

function eventText(entry: HistoryEntry): string {
  if (entry.erased) return "erased";
  if (entry.unknown !== undefined) return "unknown event";
  return entry.events.length === 0 ? "nothing today" : entry.events.map((event) => event.case).join(", ");
}

function valuesText(entry: HistoryEntry): string {
  return entry.events
    .flatMap(({ value }) => Object.entries(value ?? {}))
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join("  ");
}

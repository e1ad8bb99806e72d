// The state after a revision, and what its event changed.
import type { VNode } from "preact";
import type { HistoryEntry } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { serviceClients, useQuery } from "../../api/index.ts";
import type { Json } from "../../format/index.ts";
import { Failed, JsonView } from "../../ui/index.ts";
import { diffJson, type Change } from "./json-diff.ts";

/** From the history where that has it, else the service is asked. */
export function StateView({
  service,
  type,
  id,
  revision,
  last,
  entry,
  before,
}: {
  readonly service: string;
  readonly type: string;
  readonly id: string;
  readonly revision: number;
  readonly last: number;
  readonly entry: HistoryEntry | undefined;
  readonly before: Json | undefined;
}): VNode {
  const { inspection } = serviceClients(service);
  const ask = (at: number, signal: AbortSignal): Promise<Json | undefined> =>
    inspection
      .getState({ entityType: type, entityId: id, revision: BigInt(at) }, { signal })
      .then(({ state }) => state);
  const asked = useQuery(entry?.state === undefined ? `state/${revision}` : undefined, (signal) =>
    ask(revision, signal),
  );
  const askedBefore = useQuery(
    before === undefined && revision > 0 ? `state/${revision - 1}` : undefined,
    (signal) => ask(revision - 1, signal),
  );
  const state: Json | undefined = entry?.state ?? asked.data;
  const earlier = before ?? askedBefore.data;
  // Undefined while one of the two is on its way.
  const changes =
    revision === 0 || state === undefined || earlier === undefined ? undefined : diffJson(earlier, state);
  return (
    <section class="state" aria-label={`State at revision ${revision}`}>
      <h2>{revision === last ? "State now" : `State at revision ${revision}`}</h2>
      {entry !== undefined && entry.problem !== "" && <p class="lost">{entry.problem}</p>}
      {asked.error !== undefined && <Failed error={asked.error} retry={asked.refresh} />}
      {changes !== undefined && <Changes changes={changes} />}
      {state !== undefined && <JsonView value={state} label="State" />}
      {entry !== undefined && Object.keys(entry.metadata).length > 0 && (
        <details>
          <summary>Stored beside the event</summary>
          <dl class="values">
            <div>
              <dt>position</dt>
              <dd>{entry.position}</dd>
            </div>
            {Object.entries(entry.metadata).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

function Changes({ changes }: { readonly changes: readonly Change[] }): VNode {
  if (changes.length === 0) return <p class="faint">This event changed nothing that the state shows.</p>;
  return (
    <ul class="changes" aria-label="Changes">
      {changes.map(({ path, before, after }) => (
        <li key={path}>
          <span class="change-path">{path}</span>
          {before !== undefined && <del>{JSON.stringify(before)}</del>}
          {after !== undefined && <ins>{JSON.stringify(after)}</ins>}
        </li>
      ))}
    </ul>
  );
}

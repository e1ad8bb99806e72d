// Events that a projection could not apply.
import type { VNode } from "preact";
import { serviceClients, useQuery } from "../../api/index.ts";
import { href } from "../../router/index.ts";
import { counted, timeMs } from "../../format/index.ts";
import { Ago, attempt, Empty, Failed, SureButton, Tag } from "../../ui/index.ts";

const refreshMs = 3000;

/** Each with its error; tried again or dropped, one or all. */
export function ParkedEvents({
  service,
  projection,
}: {
  readonly service: string;
  readonly projection: string;
}): VNode {
  const { backoffice } = serviceClients(service);
  const answer = useQuery(
    `parked/${service}/${projection}`,
    (signal) => backoffice.listParkedEvents({ projection, limit: 200 }, { signal }),
    { everyMs: refreshMs },
  );
  if (answer.error !== undefined && answer.data === undefined)
    return <Failed error={answer.error} retry={answer.refresh} />;
  const events = answer.data?.parkedEvents ?? [];
  const retry = (id: string): void =>
    void attempt("It is tried again", () => backoffice.retryParkedEvents({ projection, id })).then(
      answer.refresh,
    );
  const drop = (id: string): void =>
    void attempt("Dropped", () => backoffice.dropParkedEvents({ projection, id })).then(answer.refresh);
  if (events.length === 0) return <Empty title="None is left" />;
  return (
    <div class="card-body">
      <p class="row-actions">
        <button type="button" onClick={() => retry("")}>
          Try all again
        </button>
        <SureButton sure="Drop all for good" onSure={() => drop("")}>
          Drop all
        </SureButton>
      </p>
      <ul class="plain parked">
        {events.map((event) => (
          <li key={event.id}>
            <a
              href={href("entities", {
                service,
                type: event.entityType,
                id: event.entityId,
                revision: String(event.revision),
              })}
            >
              {event.entityType} {event.entityId}, revision {String(event.revision)}
            </a>
            {event.blocked && <Tag kind="bad">the projection waits for it</Tag>}
            {event.retryAsked && <Tag kind="busy">is tried again</Tag>}
            <span class="mono">{event.error}</span>
            <span class="faint">
              {counted(event.attempts, "attempt")}, the last <Ago ms={timeMs(event.failedAt)} />
            </span>
            <span class="row-actions">
              <button type="button" onClick={() => retry(event.id)}>
                Try again
              </button>
              <SureButton
                sure="Drop it for good"
                label={`Drop ${event.entityId} ${event.revision}`}
                onSure={() => drop(event.id)}
              >
                Drop
              </SureButton>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

// All that a span has.
import type { VNode } from "preact";
import type { Span } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { href, setParams } from "../../router/index.ts";
import { durationMs, formatClock, formatMs, timeMs } from "../../format/index.ts";
import { Tag, Values } from "../../ui/index.ts";

/** Stands beside the waterfall. */
export function SpanDetail({ span }: { readonly span: Span }): VNode {
  const { attributes } = span;
  const entity = attributes["samspel.entity.id"];
  return (
    <section class="detail" aria-label="Span">
      <header class="detail-head">
        <h2>{span.name}</h2>
        <button type="button" class="close" aria-label="Close" onClick={() => setParams({ span: undefined })}>
          ×
        </button>
      </header>
      <p>
        <Tag>{span.kind.toLowerCase()}</Tag> in{" "}
        <a href={href("system", { service: span.service })}>{span.service}</a>
      </p>
      {span.error && <p class="span-error">{span.message === "" ? "It failed." : span.message}</p>}
      <p class="faint">
        {formatClock(timeMs(span.start))} · {formatMs(durationMs(span.duration))}
      </p>
      <p class="detail-links">
        {attributes["rpc.service"] !== undefined && attributes["rpc.method"] !== undefined && (
          <a href={href("api", { method: `${attributes["rpc.service"]}/${attributes["rpc.method"]}` })}>
            Call it
          </a>
        )}
        {entity !== undefined && (
          <a
            href={href("entities", {
              service: span.service,
              type: attributes["samspel.entity.type"],
              id: entity,
              revision: attributes["samspel.revision"],
            })}
          >
            {attributes["samspel.entity.type"]} {entity}
          </a>
        )}
        {attributes["messaging.destination.name"] !== undefined && (
          <a href={href("topics", { topic: attributes["messaging.destination.name"] })}>Its topic</a>
        )}
      </p>
      <h3>Attributes</h3>
      <Values values={attributes} />
      {span.events.length > 0 && (
        <>
          <h3>Events</h3>
          {span.events.map((event) => (
            <div key={`${event.name}${timeMs(event.time)}`} class="span-event">
              <strong>{event.name}</strong>{" "}
              <span class="faint">+{formatMs(Math.max(0, timeMs(event.time) - timeMs(span.start)))}</span>
              <Values values={event.attributes} none="" />
            </div>
          ))}
        </>
      )}
      {span.links.length > 0 && (
        <>
          <h3>Links</h3>
          <ul class="plain mono">
            {span.links.map((link) => {
              const [trace, id] = link.split("/");
              return (
                <li key={link}>
                  <a href={href("traces", { trace, span: id })}>
                    {trace?.slice(0, 8)}/{id?.slice(0, 8)}
                  </a>
                </li>
              );
            })}
          </ul>
        </>
      )}
    </section>
  );
}

// One message, with all that is known of it.
import type { VNode } from "preact";
import type { TopicMessage } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { href } from "../../router/index.ts";
import { formatClock, parseJson, timeMs } from "../../format/index.ts";
import { JsonView, Values } from "../../ui/index.ts";

export function MessageDetail({
  message,
  onClose,
}: {
  readonly message: TopicMessage;
  readonly onClose: () => void;
}): VNode {
  const { key, time, partition, sequence, id, type, traceId, headers, problem } = message;
  return (
    <section class="log-detail" aria-label="Message" tabIndex={0}>
      <header>
        <strong>{key === "" ? "no key" : key}</strong>
        <span class="faint">{formatClock(timeMs(time))}</span>
        {sequence > 0n && (
          <span class="faint">
            partition {partition}, number {String(sequence)}
          </span>
        )}
        {traceId !== "" && <a href={href("traces", { trace: traceId })}>Its trace</a>}
        <button type="button" class="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      <Values values={{ id, type }} />
      {problem !== "" ? (
        <p class="tone-bad">It cannot be decoded: {problem}</p>
      ) : (
        <JsonView value={parseJson(message.message) ?? message.message} label="Its content" />
      )}
      <h3>Headers</h3>
      <Values values={headers} />
    </section>
  );
}

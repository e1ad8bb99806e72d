// The messages of a topic as they come, decoded by the server, which has its descriptors.
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { failureOf } from "../../api/index.ts";
import { formatClock, formatCount, isJsonObject, parseJson, timeMs, type Json } from "../../format/index.ts";
import { Empty, FilterInput, Tabs, VirtualList } from "../../ui/index.ts";
import { MessageDetail } from "./message-detail.tsx";
import type { TailMessage } from "./tail-window.ts";
import type { TopicView } from "./topics-model.ts";
import { useTail, type TailStart } from "./use-tail.ts";

const rowHeight = 28;
const typingMs = 250;
/** Longer ones are shown as they are, as they are read for each row. */
const maxPreviewed = 4_000;

/** Reads while it is there. */
export function TopicTail({ view }: { readonly view: TopicView }): VNode {
  const { live } = view.topic;
  const [from, setFrom] = useState<TailStart>(live ? "now" : "latest");
  const [written, setWritten] = useState("");
  const key = useSettled(written);
  const [held, setHeld] = useState(false);
  const [follow, setFollow] = useState(true);
  const [chosen, setChosen] = useState<TailMessage | undefined>(undefined);
  const { tail, arrived, listening, error } = useTail({ topic: view.name, from, key }, held);
  const write = (text: string): void => {
    setWritten(text);
    setHeld(false);
  };
  const waiting = arrived - tail.count;
  const status =
    error !== undefined
      ? failureOf(error).text
      : held
        ? `on hold, ${formatCount(waiting)} wait`
        : listening
          ? `listening, ${formatCount(tail.count)} so far`
          : "asking …";
  return (
    <div class="tail">
      <div class="filters">
        {!live && (
          <Tabs<TailStart>
            label="From"
            value={from}
            onChange={(next) => {
              setFrom(next);
              setHeld(false);
            }}
            options={[
              { value: "latest", text: "The latest" },
              { value: "now", text: "From now on" },
              { value: "beginning", text: "From the beginning" },
            ]}
          />
        )}
        <FilterInput label="Keys that contain" value={written} onInput={write} />
        <button type="button" onClick={() => setHeld(!held)}>
          {held ? "Go on" : "Hold"}
        </button>
        <span class={error === undefined ? "faint" : "tone-bad"} role="status">
          {status}
        </span>
      </div>
      <div class={chosen === undefined ? "tail-body" : "tail-body with-message"}>
        {tail.messages.length === 0 ? (
          <Empty title={key === "" ? "No message yet" : "No message of such a key yet"}>
            {live
              ? "A live topic keeps nothing: what is published from now on shows here."
              : "The next one shows here. Those of before come from the beginning."}
          </Empty>
        ) : (
          <VirtualList
            items={tail.messages}
            rowHeight={rowHeight}
            label="Messages"
            class="tail-list"
            follow={follow && !held}
            onFollow={setFollow}
            keyOf={({ number }) => String(number)}
            row={(item) => (
              <div role="listitem" class="tail-line">
                <Row
                  item={item}
                  open={item.number === chosen?.number}
                  onClick={() => setChosen(item.number === chosen?.number ? undefined : item)}
                />
              </div>
            )}
          />
        )}
        {chosen !== undefined && (
          <MessageDetail message={chosen.message} onClose={() => setChosen(undefined)} />
        )}
      </div>
    </div>
  );
}

function Row({
  item: { message },
  open,
  onClick,
}: {
  readonly item: TailMessage;
  readonly open: boolean;
  readonly onClick: () => void;
}): VNode {
  const { time, partition, sequence, key, problem } = message;
  return (
    <button type="button" data-row aria-expanded={open} onClick={onClick}>
      <span class="tail-time">{formatClock(timeMs(time))}</span>
      {sequence > 0n && (
        <span class="tail-place" title={`Partition ${partition}, number ${sequence}`}>
          {partition} · {String(sequence)}
        </span>
      )}
      <span class="tail-key">{key === "" ? "–" : key}</span>
      <span class={problem === "" ? "tail-text" : "tail-text tone-bad"}>
        {problem === "" ? preview(message.message) : problem}
      </span>
    </button>
  );
}

function preview(text: string): string {
  const value: Json | undefined = text.length > maxPreviewed ? undefined : parseJson(text);
  const short = isJsonObject(value)
    ? Object.entries(value)
        .map(([name, item]) => `${name}: ${JSON.stringify(item)}`)
        .join("  ")
    : text;
  return short.length > 200 ? `${short.slice(0, 199)}…` : short;
}

/** A text once nobody has changed it for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

// The messages of a topic as they come, by the topic's own method: decoded by the server, which has its descriptors.
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { dashboard, failureOf, isAbort, useQuery } from "../../api/index.ts";
import { formatClock, isJsonObject, parseJson, type Json } from "../../format/index.ts";
import { Empty, JsonView, Tabs } from "../../ui/index.ts";
import type { TopicView } from "./topics-model.ts";

interface Message {
  readonly number: number;
  readonly at: number;
  readonly value: Json | undefined;
  readonly text: string;
}

const maxMessages = 300;

type From = "now" | "beginning";

/** Listens while it is on. */
export function TopicTail({ view }: { readonly view: TopicView }): VNode {
  const [from, setFrom] = useState<From>("now");
  const [on, setOn] = useState(true);
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const [ended, setEnded] = useState<string | undefined>(undefined);
  const methods = useQuery("methods", (signal) => dashboard.listMethods({ brief: true }, { signal }));
  const method = methods.data?.methods.find(({ topic }) => topic === view.name);
  const path = method === undefined ? undefined : `${method.protoService}/${method.name}`;

  useEffect(() => {
    if (method === undefined || !on) return undefined;
    const controller = new AbortController();
    let number = 0;
    setMessages([]);
    setEnded(undefined);
    const run = async (): Promise<void> => {
      const request = from === "beginning" ? { beginning: true } : {};
      const call = {
        protoService: method.protoService,
        method: method.name,
        requests: [JSON.stringify(request)],
      };
      for await (const { event } of dashboard.call(call, { signal: controller.signal })) {
        if (event.case === "message") {
          const message = {
            number: ++number,
            at: Date.now(),
            text: event.value,
            value: parseJson(event.value),
          };
          setMessages((old) => [message, ...old].slice(0, maxMessages));
        } else if (event.case === "end")
          setEnded(event.value.message === "" ? event.value.code : event.value.message);
      }
    };
    run().catch((error: unknown) => {
      if (!controller.signal.aborted && !isAbort(error)) setEnded(failureOf(error).text);
    });
    return () => controller.abort();
  }, [path, from, on]);

  if (methods.data !== undefined && method === undefined) {
    return (
      <Empty title="Its method is not known">
        Messages are read by the topic's method; the service that publishes it must be there, with its
        descriptors.
      </Empty>
    );
  }
  return (
    <div class="tail">
      <div class="filters">
        <Tabs<From>
          label="From"
          value={from}
          onChange={setFrom}
          options={[
            { value: "now", text: "From now on" },
            { value: "beginning", text: "From the beginning" },
          ]}
        />
        <button type="button" class="quiet" onClick={() => setOn(!on)}>
          {on ? "Stop" : "Listen"}
        </button>
        <span class="faint" role="status">
          {ended !== undefined ? `ended: ${ended}` : on ? `listening, ${messages.length} so far` : "stopped"}
        </span>
      </div>
      {messages.length === 0 && on && ended === undefined && (
        <Empty title="Listening …">
          The next message shows here. Those that are there already come from the beginning.
        </Empty>
      )}
      <ol class="messages">
        {messages.map((message) => (
          <li key={message.number}>
            <span class="faint">{formatClock(message.at)}</span>
            {message.value === undefined ? (
              <pre>{message.text}</pre>
            ) : (
              <details>
                <summary>
                  <code>{preview(message.value)}</code>
                </summary>
                <JsonView value={message.value} label={`Message ${message.number}`} />
              </details>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function preview(value: Json): string {
  const text = isJsonObject(value)
    ? Object.entries(value)
        .map(([name, item]) => `${name}: ${JSON.stringify(item)}`)
        .join("  ")
    : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

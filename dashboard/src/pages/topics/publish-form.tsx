// Publishes a message that somebody writes.
import type { VNode } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type {
  DescribeTopicResponse,
  PublishMessageResponse,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard, failureOf, useQuery } from "../../api/index.ts";
import { href } from "../../router/index.ts";
import { isJsonObject, parseJson, type Json } from "../../format/index.ts";
import { Failed, Field, Loading } from "../../ui/index.ts";
import { headersOf, parseSchema, pretty, RequestBody } from "../api/index.ts";

/** A form for a message of the topic, made of its descriptor. */
export function PublishForm({ topic, live }: { readonly topic: string; readonly live: boolean }): VNode {
  const described = useQuery(topic, (signal) => dashboard.describeTopic({ topic }, { signal }));
  if (described.error !== undefined) return <Failed error={described.error} retry={described.refresh} />;
  if (described.data === undefined) return <Loading what="what a message looks like" />;
  const { refusal } = described.data;
  if (refusal !== "") return <p class="faint">Nothing can be published from here: {refusal}.</p>;
  return <Form topic={topic} live={live} described={described.data} />;
}

type Outcome =
  | { readonly type: "none" | "running" }
  | { readonly type: "done"; readonly answer: PublishMessageResponse }
  | { readonly type: "failed"; readonly text: string };

function Form({
  topic,
  live,
  described,
}: {
  readonly topic: string;
  readonly live: boolean;
  readonly described: DescribeTopicResponse;
}): VNode {
  const [text, setText] = useState(() => pretty(described.messageTemplate));
  const [headers, setHeaders] = useState("");
  const [id, setId] = useState("");
  const [outcome, setOutcome] = useState<Outcome>({ type: "none" });
  const root = useMemo(() => parseSchema(described.messageSchema), [described.messageSchema]);
  const message = parseJson(text);
  const key = keyIn(message, described.keyField);
  const isReady = message !== undefined && (live || key !== "") && outcome.type !== "running";
  // What was written next is not what was published.
  useEffect(() => setOutcome({ type: "none" }), [text, headers, id]);

  const publish = async (): Promise<void> => {
    if (!isReady) return;
    setOutcome({ type: "running" });
    try {
      const answer = await dashboard.publishMessage({
        topic,
        message: text,
        headers: headersOf(headers),
        id: id.trim(),
      });
      setOutcome({ type: "done", answer });
    } catch (error) {
      setOutcome({ type: "failed", text: failureOf(error).text });
    }
  };
  return (
    <form
      class="publish"
      aria-label="Publish"
      onSubmit={(event) => {
        event.preventDefault();
        void publish();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          void publish();
        }
      }}
    >
      <RequestBody title="Message" text={text} root={root} onChange={setText} />
      {described.keyField !== "" && (
        <p class="publish-key">
          Key:{" "}
          {key === "" ? (
            <span class={live ? "faint" : "tone-bad"}>none, as {described.keyField} is empty</span>
          ) : (
            <strong class="mono">{key}</strong>
          )}
        </p>
      )}
      <details>
        <summary>Headers, id</summary>
        <Field label="Headers" hint="one a line, name: value">
          <textarea
            class="mono"
            rows={2}
            value={headers}
            onInput={(event) => setHeaders(event.currentTarget.value)}
            spellcheck={false}
          />
        </Field>
        <Field label="Id" hint="default: a random one; the same one twice is stored once">
          <input
            type="text"
            value={id}
            onInput={(event) => setId(event.currentTarget.value)}
            autoComplete="off"
            spellcheck={false}
          />
        </Field>
      </details>
      <p class="send">
        <button type="submit" class="primary" disabled={!isReady}>
          Publish
        </button>
        {message === undefined && <span class="tone-bad">The message is no JSON.</span>}
        {outcome.type === "running" && <span class="faint">on its way …</span>}
      </p>
      <div role="status">
        {outcome.type === "done" && <Published answer={outcome.answer} live={live} />}
        {outcome.type === "failed" && <p class="response-error">{outcome.text}</p>}
      </div>
    </form>
  );
}

function Published({
  answer: { id, partition, traceId },
  live,
}: {
  readonly answer: PublishMessageResponse;
  readonly live: boolean;
}): VNode {
  return (
    <p class="publish-done">
      <span>
        {live ? "Sent" : `Stored in partition ${partition}`} as <span class="mono">{id}</span>
      </span>
      {traceId !== "" && <a href={href("traces", { trace: traceId })}>Its trace</a>}
    </p>
  );
}

function keyIn(message: Json | undefined, field: string): string {
  const value = isJsonObject(message) ? message[field] : undefined;
  return typeof value === "string" ? value : "";
}

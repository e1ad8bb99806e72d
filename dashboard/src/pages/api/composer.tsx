// Writes a request and sends it.
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { parseJson } from "../../format/index.ts";
import { AskOrTell, CallOptions } from "./call-options.tsx";
import { firstDraft, keepDraft, type Draft } from "./draft.ts";
import { RequestBody } from "./request-body.tsx";
import { ResponseView } from "./response-view.tsx";
import { SavedRequests } from "./saved-requests.tsx";
import { parseSchema } from "./schema.ts";
import { useCall, type CallProgress } from "./use-call.ts";

/** A method to call. */
export interface ComposerProps {
  readonly method: Method;
  /** What the request holds, in place of what was written last. */
  readonly request?: string | undefined;
  readonly onEnd?: ((call: CallProgress) => void) | undefined;
  /** Without headers, deadline and saved requests: for a place within another page. */
  readonly small?: boolean | undefined;
}

/** The request on the left, the response on the right. */
export function Composer({ method, request, onEnd, small }: ComposerProps): VNode {
  const [draft, setDraft] = useState<Draft>(() => {
    const first = firstDraft(method);
    return request === undefined ? first : { ...first, requests: [request] };
  });
  const { state, send, stop } = useCall(onEnd);
  const root = useMemo(() => parseSchema(method.requestSchema), [method.requestSchema]);
  const change = (part: Partial<Draft>): void => {
    const next = { ...draft, ...part };
    setDraft(next);
    if (request === undefined) keepDraft(method, next);
  };
  const broken = draft.requests.findIndex((text) => parseJson(text) === undefined);
  const running = state.type === "running";
  const submit = (): void => {
    if (broken === -1) send(method, draft);
  };
  return (
    <form
      class={small === true ? "composer small" : "composer"}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          submit();
        }
      }}
    >
      <section class="request" aria-label="Request">
        {draft.requests.map((text, index) => (
          <RequestBody
            key={index}
            title={method.clientStreaming ? `Request ${index + 1}` : "Request"}
            text={text}
            root={root}
            onChange={(next) =>
              change({ requests: draft.requests.map((old, at) => (at === index ? next : old)) })
            }
            onRemove={
              draft.requests.length > 1
                ? () => change({ requests: draft.requests.filter((_, at) => at !== index) })
                : undefined
            }
          />
        ))}
        {method.clientStreaming && (
          <button
            type="button"
            class="quiet"
            onClick={() => change({ requests: [...draft.requests, draft.requests.at(-1) ?? "{}"] })}
          >
            + one more request
          </button>
        )}
        {small === true ? (
          <AskOrTell method={method} draft={draft} onChange={change} />
        ) : (
          <CallOptions method={method} draft={draft} onChange={change} />
        )}
        <p class="send">
          <button type="submit" class="primary" disabled={broken !== -1}>
            {draft.tell ? "Tell" : "Send"}
          </button>
          {running && (
            <button type="button" onClick={stop}>
              Stop
            </button>
          )}
          {broken !== -1 && <span class="tone-bad">The request is no JSON.</span>}
        </p>
        {small !== true && (
          <SavedRequests method={method} draft={draft} onPick={(picked) => change(picked)} />
        )}
      </section>
      <ResponseView state={state} />
    </form>
  );
}

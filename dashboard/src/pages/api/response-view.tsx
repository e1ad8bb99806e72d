// What came back.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { href } from "../../router/index.ts";
import { durationMs, formatCount, formatMs, parseJson } from "../../format/index.ts";
import { JsonView, Tabs, Tag, Values } from "../../ui/index.ts";
import type { CallProgress, CallState } from "./use-call.ts";

/** Live, while a call goes on. */
export function ResponseView({ state }: { readonly state: CallState }): VNode {
  if (state.type === "none") {
    return (
      <section class="response" aria-label="Response">
        <p class="response-none">
          The answer shows here. Send with <kbd>Ctrl</kbd> <kbd>Enter</kbd>.
        </p>
      </section>
    );
  }
  const { call } = state;
  const code = call.end?.code ?? (call.failure === undefined ? "" : "FAILED");
  return (
    <section class="response" aria-label="Response" aria-busy={state.type === "running"}>
      <p class="response-status" role="status">
        {code === "" ? (
          <Tag kind="busy">{state.type === "running" ? "on its way" : "no end"}</Tag>
        ) : (
          <Tag kind={code === "OK" ? "good" : "bad"}>{code}</Tag>
        )}
        {call.end?.took !== undefined && <span>{formatMs(durationMs(call.end.took))}</span>}
        {call.count !== 1 && <span>{formatCount(call.count)} answers</span>}
        {call.instance !== "" && <span class="faint">by {call.instance}</span>}
        {call.traceId !== "" && <a href={href("traces", { trace: call.traceId })}>Its trace</a>}
        {call.receipt !== "" && <a href={href("tells", { receipt: call.receipt })}>What became of it</a>}
      </p>
      {call.failure !== undefined && <p class="response-error">{call.failure}</p>}
      {call.end !== undefined && call.end.message !== "" && <p class="response-error">{call.end.message}</p>}
      {call.end?.details.map((detail, index) => (
        <JsonView key={index} value={parseJson(detail) ?? detail} label={`Detail ${index + 1}`} />
      ))}
      <Answers call={call} />
    </section>
  );
}

type Part = "answers" | "headers";

function Answers({ call }: { readonly call: CallProgress }): VNode {
  const [part, setPart] = useState<Part>("answers");
  const { end } = call;
  return (
    <>
      {end !== undefined && (
        <Tabs<Part>
          label="Part of the response"
          value={part}
          onChange={setPart}
          options={[
            { value: "answers", text: call.count === 1 ? "Answer" : "Answers" },
            { value: "headers", text: "Headers and trailers" },
          ]}
        />
      )}
      {part === "headers" && end !== undefined ? (
        <>
          <h4>Headers</h4>
          <Values values={end.headers} />
          <h4>Trailers</h4>
          <Values values={end.trailers} />
        </>
      ) : call.count === 1 ? (
        call.messages.map(({ number, text }) => (
          <JsonView key={number} value={parseJson(text) ?? text} label="Answer" />
        ))
      ) : (
        <ol class="messages" aria-label="Answers">
          {call.messages.toReversed().map(({ number, text, afterMs }) => (
            <li key={number}>
              <span class="faint">
                {number} · {formatMs(afterMs)}
              </span>
              <JsonView value={parseJson(text) ?? text} label={`Answer ${number}`} />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

// What became of a tell, by the token of its receipt.
import { ConnectError } from "@connectrpc/connect";
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import {
  GetTellResponse_State,
  type GetTellResponse,
} from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { serviceClients, useQuery } from "../../api/index.ts";
import { param, setParams } from "../../router/index.ts";
import { Failed, Field, JsonView } from "../../ui/index.ts";

const refreshMs = 1500;

const texts: Readonly<Record<number, { readonly text: string; readonly tone: string }>> = {
  [GetTellResponse_State.PENDING]: { text: "It is on its way.", tone: "busy" },
  [GetTellResponse_State.REPLIED]: { text: "Its handler has answered.", tone: "good" },
  [GetTellResponse_State.REJECTED]: { text: "Its handler has refused it.", tone: "bad" },
  [GetTellResponse_State.DEAD_LETTER]: { text: "It was given up.", tone: "bad" },
};

/** Asks the services until one knows the tell. */
async function lookUp(
  services: readonly string[],
  token: string,
  signal: AbortSignal,
): Promise<GetTellResponse | undefined> {
  const failures: unknown[] = [];
  let unknown: GetTellResponse | undefined;
  for (const service of services) {
    try {
      const answer = await serviceClients(service).backoffice.getTell({ token }, { signal });
      if (answer.state !== GetTellResponse_State.UNKNOWN) return answer;
      unknown = answer;
    } catch (error) {
      failures.push(error);
    }
  }
  if (unknown === undefined && failures.length > 0) throw ConnectError.from(failures[0]);
  return unknown;
}

/** A field for the token, and the answer. */
export function TellLookup({ services }: { readonly services: readonly string[] }): VNode {
  const token = param("receipt") ?? "";
  const [typed, setTyped] = useState(token);
  const answer = useQuery(
    token === "" || services.length === 0 ? undefined : `${token}/${services.join()}`,
    (signal) => lookUp(services, token, signal),
    { everyMs: refreshMs },
  );
  const state = answer.data === undefined ? undefined : texts[answer.data.state];
  return (
    <form
      class="lookup"
      onSubmit={(event) => {
        event.preventDefault();
        setParams({ receipt: typed.trim() });
      }}
    >
      <Field label="What became of a tell" hint="the token of its receipt">
        <input
          type="text"
          data-filter
          class="mono"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
          placeholder="paste a receipt"
          autoComplete="off"
          spellcheck={false}
        />
      </Field>
      <button type="submit">Look it up</button>
      {answer.error !== undefined && <Failed error={answer.error} />}
      {answer.data !== undefined && (
        <div class="lookup-answer" role="status">
          <p class={`tone-${state?.tone ?? "off"}`}>
            {state?.text ?? "Nobody knows of it, or not any more."}
          </p>
          {answer.data.method !== "" && (
            <p class="mono">
              {answer.data.service}/{answer.data.method} · {answer.data.id}
            </p>
          )}
          {answer.data.error !== "" && <p class="mono">{answer.data.error}</p>}
          {answer.data.reply !== undefined && <JsonView value={answer.data.reply} label="Reply" />}
        </div>
      )}
    </form>
  );
}

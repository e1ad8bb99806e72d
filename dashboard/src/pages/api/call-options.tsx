// What a call says beside its request.
import type { VNode } from "preact";
import type { Instance, Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { services } from "../../api/index.ts";
import { CopyButton, Field, Select, Tabs } from "../../ui/index.ts";
import { commandFor, type CopyForm } from "./copy-as.ts";
import type { Draft } from "./draft.ts";

const copyForms: readonly { readonly form: CopyForm; readonly label: string }[] = [
  { form: "samspel", label: "samspel call" },
  { form: "curl", label: "curl" },
  { form: "grpcurl", label: "grpcurl" },
];

interface OptionsProps {
  readonly method: Method;
  readonly draft: Draft;
  readonly onChange: (part: Partial<Draft>) => void;
}

/** Ask or tell, of a method that may be told. */
export function AskOrTell({ method, draft, onChange }: OptionsProps): VNode | undefined {
  if (!method.tellable) return undefined;
  return (
    <Tabs<"ask" | "tell">
      label="Ask or tell"
      value={draft.tell ? "tell" : "ask"}
      onChange={(next) => onChange({ tell: next === "tell" })}
      options={[
        { value: "ask", text: "Ask" },
        { value: "tell", text: "Tell" },
      ]}
    />
  );
}

/** Ask or tell, headers, deadline, instance; and the call as a command. */
export function CallOptions({ method, draft, onChange }: OptionsProps): VNode {
  const instances: readonly Instance[] = services.value
    .filter(({ name }) => method.services.includes(name))
    .flatMap((service) => service.instances);
  const target = instances.find(({ id }) => id === draft.instance) ?? instances[0];
  const streams = method.clientStreaming || method.serverStreaming;
  return (
    <div class="call-options">
      <AskOrTell method={method} draft={draft} onChange={onChange} />
      <details>
        <summary>Headers, deadline, instance</summary>
        <Field label="Headers" hint="one a line, name: value">
          <textarea
            class="mono"
            rows={2}
            value={draft.headers}
            onInput={(event) => onChange({ headers: event.currentTarget.value })}
            spellcheck={false}
          />
        </Field>
        <Field label="Deadline in ms" hint={streams ? "default: none" : "default: 10,000"}>
          <input
            type="text"
            inputMode="numeric"
            value={draft.timeout}
            onInput={(event) => onChange({ timeout: event.currentTarget.value.replaceAll(/\D/g, "") })}
          />
        </Field>
        <Field label="Instance">
          <Select
            label="Instance"
            value={draft.instance}
            onChange={(instance) => onChange({ instance })}
            options={[
              { value: "", text: "any" },
              ...instances.map(({ id, address }) => ({ value: id, text: `${id} (${address})` })),
            ]}
          />
        </Field>
      </details>
      <p class="copy-as">
        <span class="faint">Copy as</span>
        {copyForms.map(({ form, label }) => (
          <CopyButton key={form} label={label} text={commandFor(form, method, draft, target)} />
        ))}
      </p>
    </div>
  );
}

// What a message says, to be written.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { parseJson, type Json } from "../../format/index.ts";
import { Tabs } from "../../ui/index.ts";
import { MessageFields } from "./schema-form.tsx";
import { resolve, type Schema } from "./schema.ts";

type View = "form" | "json";

/** A message, as a form or as JSON; both say the same. */
export function RequestBody({
  title,
  text,
  root,
  onChange,
  onRemove,
}: {
  readonly title: string;
  readonly text: string;
  /** Undefined where only JSON can be written. */
  readonly root: Schema | undefined;
  readonly onChange: (text: string) => void;
  readonly onRemove?: (() => void) | undefined;
}): VNode {
  const [view, setView] = useState<View>(root === undefined ? "json" : "form");
  const value: Json | undefined = parseJson(text);
  const form = view === "form" && root !== undefined && value !== undefined;
  return (
    <div class="request-body">
      <div class="request-head">
        <h3>{title}</h3>
        {root !== undefined && (
          <Tabs<View>
            label={`${title} as`}
            value={form ? "form" : "json"}
            onChange={setView}
            options={[
              { value: "form", text: "Form" },
              { value: "json", text: "JSON" },
            ]}
          />
        )}
        {onRemove !== undefined && (
          <button type="button" class="quiet" aria-label={`Remove ${title}`} onClick={onRemove}>
            ×
          </button>
        )}
      </div>
      {form ? (
        <MessageFields
          schema={resolve(root, root)}
          root={root}
          value={value}
          label={title}
          onChange={(next) => onChange(JSON.stringify(next ?? {}, null, 2))}
        />
      ) : (
        <textarea
          class="mono"
          aria-label={`${title} in JSON`}
          rows={Math.min(22, Math.max(5, text.split("\n").length + 1))}
          value={text}
          onInput={(event) => onChange(event.currentTarget.value)}
          spellcheck={false}
        />
      )}
    </div>
  );
}

// Lists and maps of a form.
import type { VNode } from "preact";
import { isJsonObject, type Json } from "../../format/index.ts";
import { emptyValue } from "./schema.ts";
import type { CollectionProps } from "./value-props.ts";

/** Values one after the other. */
export function ListField({ schema, root, value, onChange, label, Input }: CollectionProps): VNode {
  const items: readonly Json[] = Array.isArray(value) ? value : [];
  const item = schema.items ?? {};
  return (
    <div class="form-list">
      {items.map((one, index) => (
        <div key={index} class="form-item">
          <Input
            schema={item}
            root={root}
            value={one}
            label={`${label} ${index + 1}`}
            onChange={(next) => onChange(items.map((old, at) => (at === index ? (next ?? null) : old)))}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${label} ${index + 1}`}
            onClick={() => onChange(items.filter((_, at) => at !== index))}
          >
            ×
          </button>
        </div>
      ))}
      <button type="button" class="quiet" onClick={() => onChange([...items, emptyValue(item, root)])}>
        + one more
      </button>
    </div>
  );
}

/** Values by key. */
export function MapField({ schema, root, value, onChange, label, Input }: CollectionProps): VNode {
  const entries = Object.entries(isJsonObject(value) ? value : {});
  const item = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
  const put = (index: number, key: string, field: Json): void =>
    onChange(Object.fromEntries(entries.map((old, at) => (at === index ? [key, field] : old))));
  return (
    <div class="form-list">
      {entries.map(([key, field], index) => (
        <div key={index} class="form-item">
          <input
            type="text"
            class="form-key"
            aria-label={`${label} key ${index + 1}`}
            placeholder="key"
            value={key}
            onInput={(event) => put(index, event.currentTarget.value, field)}
          />
          <Input
            schema={item}
            root={root}
            value={field}
            label={`${label} ${key}`}
            onChange={(next) => put(index, key, next ?? null)}
          />
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${label} ${key}`}
            onClick={() => onChange(Object.fromEntries(entries.filter((_, at) => at !== index)))}
          >
            ×
          </button>
        </div>
      ))}
      <button
        type="button"
        class="quiet"
        disabled={entries.some(([key]) => key === "")}
        onClick={() => onChange({ ...Object.fromEntries(entries), "": emptyValue(item, root) })}
      >
        + one more
      </button>
    </div>
  );
}

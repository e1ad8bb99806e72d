// A form made from a message's schema. It changes the JSON that is sent, so form and JSON say the same.
import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { isJsonObject, parseJson, type Json } from "../../format/index.ts";
import { ListField, MapField } from "./schema-collections.tsx";
import { emptyValue, enumOf, fieldKind, resolve, withField, type Schema } from "./schema.ts";
import type { ValueProps } from "./value-props.ts";

/** The fields of a message, those of a oneof behind one choice. */
export function MessageFields({ schema, root, value, onChange, label }: ValueProps): VNode {
  const properties = Object.entries(schema.properties ?? {});
  const oneofs = Object.entries(schema["x-oneofs"] ?? {});
  const inOneof = new Set(oneofs.flatMap(([, names]) => names));
  if (properties.length === 0) return <p class="faint">Nothing is to be said.</p>;
  const fieldOf = (name: string): Json | undefined => (isJsonObject(value) ? value[name] : undefined);
  return (
    <div class="form-fields">
      {properties
        .filter(([name]) => !inOneof.has(name))
        .map(([name, field]) => (
          <FormField
            key={name}
            name={name}
            schema={field}
            root={root}
            value={fieldOf(name)}
            onChange={(next) => onChange(withField(value, name, next))}
            label={`${label} ${name}`}
          />
        ))}
      {oneofs.map(([oneof, names]) => {
        const chosen = names.find((name) => fieldOf(name) !== undefined) ?? "";
        const choose = (name: string): void => {
          const rest = isJsonObject(value)
            ? Object.fromEntries(Object.entries(value).filter(([key]) => !names.includes(key)))
            : {};
          const field = schema.properties?.[name];
          onChange(field === undefined ? rest : { ...rest, [name]: emptyValue(field, root) });
        };
        const field = schema.properties?.[chosen];
        return (
          <fieldset key={oneof} class="form-group">
            <legend>
              {oneof} <span class="field-hint">one of</span>
            </legend>
            <select
              aria-label={`${label} ${oneof}`}
              value={chosen}
              onChange={(event) => choose(event.currentTarget.value)}
            >
              <option value="">none</option>
              {names.map((name) => (
                <option key={name} value={name} selected={name === chosen}>
                  {name}
                </option>
              ))}
            </select>
            {field !== undefined && (
              <FormField
                name={chosen}
                schema={field}
                root={root}
                value={fieldOf(chosen)}
                onChange={(next) => onChange(withField(value, chosen, next))}
                label={`${label} ${chosen}`}
              />
            )}
          </fieldset>
        );
      })}
    </div>
  );
}

function FormField({ name, ...props }: ValueProps & { readonly name: string }): VNode {
  const id = useId();
  const schema = resolve(props.schema, props.root);
  const kind = fieldKind(schema);
  const hint = schema["x-key"] === true ? "key" : (schema.format ?? (kind === "any" ? "JSON" : undefined));
  const nested = kind === "message" || kind === "map" || kind === "list";
  if (nested) {
    // A message that holds itself would have no end: it opens when somebody sets it.
    if (props.value === undefined) {
      return (
        <div class="form-row">
          <button type="button" class="quiet" onClick={() => props.onChange(emptyValue(schema, props.root))}>
            + {name}
          </button>
          <Hint text={schema.description} />
        </div>
      );
    }
    return (
      <fieldset class="form-group">
        <legend>
          {name}
          <button
            type="button"
            class="quiet"
            aria-label={`Leave out ${name}`}
            onClick={() => props.onChange(undefined)}
          >
            ×
          </button>
        </legend>
        <Hint text={schema.description} />
        <ValueInput {...props} schema={schema} />
      </fieldset>
    );
  }
  return (
    <div class="form-row">
      <label for={id}>
        {name}
        {hint !== undefined && <span class="field-hint">{hint}</span>}
      </label>
      <ValueInput {...props} schema={schema} id={id} />
      <Hint text={schema.description} />
    </div>
  );
}

function Hint({ text }: { readonly text: string | undefined }): VNode | undefined {
  return text === undefined || text === "" ? undefined : <p class="form-hint">{text}</p>;
}

/** One value, whatever it is. */
function ValueInput({ id, ...props }: ValueProps & { readonly id?: string | undefined }): VNode {
  const schema = resolve(props.schema, props.root);
  const { value, onChange, label } = props;
  const named = id === undefined ? { "aria-label": label } : { id };
  switch (fieldKind(schema)) {
    case "message":
      return <MessageFields {...props} schema={schema} />;
    case "map":
      return <MapField {...props} schema={schema} Input={ValueInput} />;
    case "list":
      return <ListField {...props} schema={schema} Input={ValueInput} />;
    case "enum":
      return (
        <select
          {...named}
          value={textOf(value)}
          onChange={(event) => onChange(event.currentTarget.value || undefined)}
        >
          <option value="">unset</option>
          {enumOf(schema)?.map((name) => (
            <option key={name} value={name} selected={name === value}>
              {name}
            </option>
          ))}
        </select>
      );
    case "boolean":
      return (
        <input
          type="checkbox"
          {...named}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "number":
      return (
        <input
          type="text"
          inputMode="decimal"
          {...named}
          value={textOf(value)}
          onInput={(event) => onChange(numberOf(event.currentTarget.value, schema))}
          autoComplete="off"
        />
      );
    case "text":
    case "time":
      return (
        <input
          type="text"
          {...named}
          value={textOf(value)}
          placeholder={
            schema.contentEncoding ?? (schema.format === "date-time" ? "2026-01-31T12:00:00Z" : "")
          }
          onInput={(event) => onChange(event.currentTarget.value)}
          autoComplete="off"
          spellcheck={false}
        />
      );
    default:
      return (
        <textarea
          {...named}
          rows={2}
          value={value === undefined ? "" : JSON.stringify(value)}
          onChange={(event) => onChange(parseJson(event.currentTarget.value))}
          spellcheck={false}
        />
      );
  }
}

/** A value within an input; what is no plain value, as JSON. */
function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A number; as text where JSON's numbers are too small for it, or while it is none yet. */
function numberOf(text: string, schema: Schema): Json | undefined {
  if (text.trim() === "") return undefined;
  const long = typeof schema.type !== "string" && schema.type?.includes("string") === true;
  const number = Number(text);
  return Number.isNaN(number) || (long && !Number.isSafeInteger(number)) ? text : number;
}

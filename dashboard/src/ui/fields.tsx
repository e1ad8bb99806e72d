// Inputs with labels.
import type { ComponentChildren, VNode } from "preact";
import { services } from "../api/index.ts";

/** A label above an input. */
export function Field({
  label,
  hint,
  children,
  class: name,
}: {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string | undefined;
}): VNode {
  return (
    <label class={`field ${name ?? ""}`}>
      <span class="field-label">
        {label}
        {hint !== undefined && <span class="field-hint">{hint}</span>}
      </span>
      {children}
    </label>
  );
}

/** A text that filters; `/` puts the cursor there. */
export function FilterInput({
  label,
  value,
  onInput,
  placeholder,
}: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder?: string | undefined;
}): VNode {
  return (
    <input
      type="search"
      class="filter"
      data-filter
      aria-label={label}
      placeholder={placeholder ?? label}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
      autoComplete="off"
      spellcheck={false}
    />
  );
}

/** One of some values. */
export function Select({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChange: (value: string) => void;
}): VNode {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {options.map((option) => (
        <option key={option.value} value={option.value} selected={option.value === value}>
          {option.text}
        </option>
      ))}
    </select>
  );
}

/** One of the services, or all. */
export function ServiceSelect({
  value,
  onChange,
  names,
  all = true,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Default: all services of the system. */
  readonly names?: readonly string[] | undefined;
  readonly all?: boolean | undefined;
}): VNode {
  const known = names ?? services.value.map(({ name }) => name);
  const shown = value !== "" && !known.includes(value) ? [value, ...known] : known;
  return (
    <Select
      label="Service"
      value={value}
      onChange={onChange}
      options={[
        ...(all ? [{ value: "", text: "All services" }] : []),
        ...shown.map((name) => ({ value: name, text: name })),
      ]}
    />
  );
}

/** Yes or no. */
export function Check({
  label,
  checked,
  onChange,
}: {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): VNode {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

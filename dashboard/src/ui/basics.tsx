// Small parts that all pages are made of.
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { failureOf } from "../api/index.ts";
import { formatAgo, formatClock } from "../format/index.ts";

/** The head of a page. */
export interface PageProps {
  readonly title: ComponentChildren;
  /** One sentence under the title. */
  readonly lead?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string | undefined;
}

/** A page: its title is the document's first heading. */
export function Page({ title, lead, actions, children, class: name }: PageProps): VNode {
  return (
    <div class={`page ${name ?? ""}`}>
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Nothing is there: says why, and how something comes there. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): VNode {
  return (
    <div class="empty">
      <svg viewBox="0 0 64 24" aria-hidden="true">
        <path d="M4 16c10-14 18-14 28-4s18 10 28-4" />
        <circle cx="4" cy="16" r="3" />
        <circle cx="60" cy="8" r="3" />
      </svg>
      <p class="empty-title">{title}</p>
      <div class="empty-text">{children}</div>
    </div>
  );
}

/** An error, with what may be done. */
export function Failed({
  error,
  retry,
}: {
  readonly error: unknown;
  readonly retry?: (() => void) | undefined;
}): VNode {
  const failure = failureOf(error);
  return (
    <div class="failed" role="alert">
      <strong>{failure.title}</strong>
      <span>{failure.text}</span>
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Something is on its way. */
export function Loading({ what }: { readonly what: string }): VNode {
  return (
    <div class="loading" role="status">
      <span class="loading-bar" />
      Loading {what} …
    </div>
  );
}

/** A word that says what something is. */
export function Tag({
  kind,
  children,
}: {
  readonly kind?: string | undefined;
  readonly children: ComponentChildren;
}): VNode {
  return <span class={`tag ${kind === undefined ? "" : `tag-${kind}`}`}>{children}</span>;
}

/** Copies a text. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }): VNode {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <button type="button" class="quiet" onClick={() => void copy()}>
      {done ? "Copied" : label}
    </button>
  );
}

/** How long ago something was; the exact time shows on hovering. */
export function Ago({ ms }: { readonly ms: number }): VNode {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((old) => old + 1), 5000);
    return () => clearInterval(timer);
  }, []);
  if (ms === 0) return <span class="faint">—</span>;
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={`${new Date(ms).toLocaleDateString()} ${formatClock(ms)}`}
    >
      {formatAgo(ms)}
    </time>
  );
}

/** A button that asks once more before it does what cannot be undone. */
export function SureButton({
  children,
  sure,
  onSure,
  label,
}: {
  readonly children: ComponentChildren;
  /** What the second press says, such as `Drop it for good`. */
  readonly sure: string;
  readonly onSure: () => void;
  readonly label?: string | undefined;
}): VNode {
  const [asked, setAsked] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const press = (): void => {
    clearTimeout(timer.current);
    if (asked) onSure();
    else timer.current = setTimeout(() => setAsked(false), 4000);
    setAsked(!asked);
  };
  return (
    <button
      type="button"
      class={asked ? "danger" : "quiet"}
      onClick={press}
      aria-label={asked ? undefined : label}
    >
      {asked ? sure : children}
    </button>
  );
}

/** A choice among few. */
export function Tabs<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly text: ComponentChildren }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}): VNode {
  return (
    <div class="tabs" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </div>
  );
}

// How background work is, in small parts.
import type { VNode } from "preact";
import {
  WorkState,
  type Lag,
  type WaitingMessage,
  type WorkPart,
} from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { counted, durationMs, formatCount, formatMs } from "../../format/index.ts";

const texts: Readonly<Record<number, { readonly text: string; readonly tone: string }>> = {
  [WorkState.RUNNING]: { text: "running", tone: "good" },
  [WorkState.PAUSED]: { text: "paused", tone: "busy" },
  [WorkState.NOT_STARTED]: { text: "not started", tone: "off" },
};

/** Running, paused, not started. */
export function WorkStateText({ state }: { readonly state: number }): VNode {
  const { text, tone } = texts[state] ?? { text: "unknown", tone: "off" };
  return (
    <span class={`tone-${tone}`}>
      <span class="dot" aria-hidden="true" /> {text}
    </span>
  );
}

/** `caught up`, or how much is to come. */
export function LagText({ lag }: { readonly lag: Lag | undefined }): VNode {
  if (lag === undefined) return <span class="faint">unknown</span>;
  if (lag.count === 0n) return <span class="tone-good">caught up</span>;
  return (
    <span class="lag">
      {lag.estimated ? "about " : ""}
      <strong>{formatCount(lag.count)}</strong> behind
      {lag.age !== undefined && <span class="faint"> · oldest {formatMs(durationMs(lag.age))}</span>}
    </span>
  );
}

/** One small bar for each part: who holds it, and how far it is behind. */
export function Parts({
  parts,
  label,
  held,
}: {
  readonly parts: readonly WorkPart[];
  readonly label: string;
  /** Who holds them, in words; where parts are not leased to instances. */
  readonly held?: string | undefined;
}): VNode | undefined {
  if (parts.length === 0) return undefined;
  const most = parts.reduce((top, { lag }) => Math.max(top, Number(lag?.count ?? 0n)), 1);
  const owners = [...new Set(parts.map(({ owner }) => owner).filter(Boolean))];
  const free = parts.filter(({ owner }) => owner === "").length;
  return (
    <div class="parts">
      <div class="parts-bars" role="img" aria-label={`${label}: ${parts.length} parts`}>
        {parts.map((part) => (
          <span
            key={part.number}
            class={part.owner === "" ? "part part-free" : `part part-${owners.indexOf(part.owner) % 4}`}
            title={`${part.number}: ${part.owner === "" ? "nobody holds it" : part.owner}${part.position === "" ? "" : `, at ${part.position}`}, ${part.lag?.count ?? 0n} behind`}
          >
            <span style={{ height: `${Math.max(8, (Number(part.lag?.count ?? 0n) / most) * 100)}%` }} />
          </span>
        ))}
      </div>
      <span class="faint">
        {counted(parts.length, "part")},{" "}
        {owners.length === 0 ? "held by nobody" : (held ?? `on ${counted(owners.length, "instance")}`)}
        {free > 0 && owners.length > 0 && `, ${free} held by nobody`}
      </span>
    </div>
  );
}

/** Messages that failed and are tried again. */
export function Waiting({ waiting }: { readonly waiting: readonly WaitingMessage[] }): VNode | undefined {
  if (waiting.length === 0) return undefined;
  return (
    <ul class="waiting">
      {waiting.map((message) => (
        <li key={String(message.sequence)}>
          <strong>{message.key === "" ? `message ${message.sequence}` : message.key}</strong> failed{" "}
          {counted(message.attempts, "time")}, is tried again: <span class="mono">{message.error}</span>
        </li>
      ))}
    </ul>
  );
}

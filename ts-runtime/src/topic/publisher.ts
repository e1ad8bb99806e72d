// What a publisher is, and what it says.
import type { RunningSpan } from "../telemetry/index.ts";
import type { Lane } from "./lane.ts";

/** A message on its way to a stream. */
export interface OutgoingMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  /** As `headerLines` makes them; they hold the message's id. */
  readonly headers: string;
  /** Messages of one key are stored in the order in which they were given (P1). */
  readonly key: string;
  /** Ends with the outcome. */
  readonly span?: RunningSpan | undefined;
}

export type PublishOutcome =
  /** It is stored; `sequence` is that of the stream. */
  | { readonly type: "stored"; readonly sequence: number }
  /** It will never be. */
  | { readonly type: "refused"; readonly reason: string }
  /** The lane belongs to somebody else now, or the publisher was stopped: whether it is stored is not known. */
  | { readonly type: "given up"; readonly reason: string };

/** Why publishing waits. */
export interface PublishTrouble {
  readonly reason: string;
  /** In a row, 1, 2, 3 … */
  readonly failures: number;
}

export interface PublisherOptions {
  /** How many messages may wait for their acks. Default 1,024. */
  readonly maxInFlight?: number;
  /** How many bytes of messages may. Default 32 MiB. */
  readonly maxInFlightBytes?: number;
  /** After so long without an ack a message is sent again. Default 5,000 ms. */
  readonly ackTimeoutMs?: number;
  /**
   * How to make sure of messages whose acks did not come within `doubtAfterMs`, before they are sent again: JetStream may
   * have forgotten their ids by then. It gives the sequences of those that are stored. Default: they are just sent again.
   */
  readonly sure?: {
    readonly doubtAfterMs: number;
    readonly findStored: (after: number, ids: ReadonlySet<string>) => Promise<ReadonlyMap<string, number>>;
  };
  /** Told each time that publishing has to wait (P3). */
  readonly onTrouble?: (trouble: PublishTrouble) => void;
}

/** A message that was given to a publisher. */
export interface Sending {
  /** Forgets about it: it is not sent any more, and its outcome is not told. Its key's next one goes. */
  cancel(): void;
}

/** Publishes to streams. */
export interface Publisher extends Disposable {
  /** Takes a message. The outcome is told once, unless the publisher is disposed of before. */
  send(
    message: OutgoingMessage,
    lane: Lane | undefined,
    onOutcome: (outcome: PublishOutcome) => void,
  ): Sending;
  /** Sends nothing more, and resolves when what is in flight is acked, or after `withinMs`. */
  stop(withinMs: number): Promise<void>;
}

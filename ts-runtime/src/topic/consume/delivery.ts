// One attempt at a message, as its handler sees it.
import type { Received } from "./received.ts";

/** What a handler knows of its message. */
export interface Delivery {
  readonly message: Received;
  readonly key: string;
  readonly partition: number;
  /** 1 at first, and one more at each attempt. */
  readonly attempt: number;
  /** Aborts when nobody waits for the handler any longer. */
  readonly signal: AbortSignal;
}

/** A delivery whose signal is made only where somebody asks for it: most handlers do not. */
export class RunningDelivery implements Delivery {
  readonly message: Received;
  readonly key: string;
  readonly partition: number;
  readonly attempt: number;
  #controller: AbortController | undefined;

  constructor(message: Received, key: string, partition: number, attempt: number) {
    this.message = message;
    this.key = key;
    this.partition = partition;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  abort(reason: unknown): void {
    (this.#controller ??= new AbortController()).abort(reason);
  }
}

// Rows of the outbox as the columns of a statement that appends.
import { plainArray, textArray } from "../postgres/index.ts";
import type { OutboxMessage } from "./outbox-message.ts";

export class OutboxRows {
  readonly #pack: (body: Uint8Array) => number;
  readonly #messages: OutboxMessage[] = [];
  readonly #places: number[] = [];

  /** `pack` takes the bytes of a body in and says where they are. */
  constructor(pack: (body: Uint8Array) => number) {
    this.#pack = pack;
  }

  add(message: OutboxMessage): void {
    this.#messages.push(message);
    this.#places.push(this.#pack(message.body));
  }

  /** Slices, streams, subjects, message ids, keys, headers, places, sizes and delays. */
  columns(): readonly string[] {
    const messages = this.#messages;
    return [
      plainArray(messages.map(({ slice }) => slice)),
      textArray(messages.map(({ stream }) => stream)),
      textArray(messages.map(({ subject }) => subject)),
      textArray(messages.map(({ messageId }) => messageId)),
      textArray(messages.map(({ key }) => key)),
      textArray(messages.map(({ headers }) => headers)),
      plainArray(this.#places),
      plainArray(messages.map(({ body }) => body.length)),
      plainArray(messages.map(({ delayMs }) => delayMs)),
    ];
  }
}

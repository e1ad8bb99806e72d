// Rows of the outbox as the columns of a statement that appends. Headers travel among the bytes of the group, before
// their body: as texts of an array, each of their quotes would have to be escaped.
import { plainArray, textArray } from "../postgres/index.ts";
import type { OutboxMessage } from "./outbox-message.ts";

export class OutboxRows {
  readonly #pack: (bytes: Uint8Array) => number;
  readonly #messages: OutboxMessage[] = [];
  readonly #places: number[] = [];
  readonly #headerSizes: number[] = [];

  /** `pack` takes bytes in, one piece behind the other, and says where they are. */
  constructor(pack: (bytes: Uint8Array) => number) {
    this.#pack = pack;
  }

  add(message: OutboxMessage): void {
    const headers = Buffer.from(message.headers);
    this.#messages.push(message);
    this.#places.push(this.#pack(headers));
    this.#headerSizes.push(headers.length);
    this.#pack(message.body);
  }

  /** Slices, streams, subjects, message ids, keys, places of headers, sizes of headers and of bodies, and delays. */
  columns(): readonly string[] {
    const messages = this.#messages;
    return [
      plainArray(messages.map(({ slice }) => slice)),
      textArray(messages.map(({ stream }) => stream)),
      textArray(messages.map(({ subject }) => subject)),
      textArray(messages.map(({ messageId }) => messageId)),
      textArray(messages.map(({ key }) => key)),
      plainArray(this.#places),
      plainArray(this.#headerSizes),
      plainArray(messages.map(({ body }) => body.length)),
      plainArray(messages.map(({ delayMs }) => delayMs)),
    ];
  }
}

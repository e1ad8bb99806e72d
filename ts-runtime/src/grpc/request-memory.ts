// What the requests of a server that are on their way take in all. Each call may hold a large message that does not come to
// its end; thousands of them would be all the memory there is. Invariant:
//   B1. Above `maxBytes` no call gathers more than it would be given to read anyway: what is large is refused.
import { Code, ConnectError } from "@connectrpc/connect";

export class RequestMemory {
  /** Bytes that came and were not read. */
  bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.bytes > this.#maxBytes;
  }

  refusal(): ConnectError {
    return new ConnectError(
      `the requests of this server that are on their way have more than ${this.#maxBytes} bytes in all: send it again later`,
      Code.ResourceExhausted,
    );
  }
}

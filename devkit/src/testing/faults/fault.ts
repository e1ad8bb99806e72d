// What can go wrong between two members of a system, as tests say it.

/** The way that bytes go on an edge: from the caller to the callee, or back. */
export type Direction = "requests" | "answers";

export interface FaultOptions {
  /**
   * Only what goes this way. Of HTTP/2 in plaintext, which is what services speak, this means calls and answers: frames
   * that open a connection and keep it pass. Default: both ways, and every byte.
   */
  readonly only?: Direction;
}

/** The faults of an edge. Each holds for connections that are there and for new ones, from when the method returns. */
export interface Faults {
  /** Everything arrives this much later, in its order. */
  delay(ms: number, options?: FaultOptions): Fault;
  /** No more than so many bytes a second pass, on each connection. */
  limit(bytesPerSecond: number, options?: FaultOptions): Fault;
  /**
   * Nothing arrives, and nobody is told: connections stay, and new ones are taken. When the fault is lifted, what was held
   * goes on its way, as after lost packets that TCP sends again.
   */
  drop(options?: FaultOptions): Fault;
  /** Breaks all connections, and each new one as soon as it is made. */
  cut(): Fault;
  /** Breaks all connections, once: new ones work. What was held on them is lost. There is nothing to lift. */
  reset(): Fault;
}

/** A fault that was made, with what was made in the same chain: `edge.delay(50).limit(10_000)`. */
export interface Fault extends Faults, Disposable, AsyncDisposable {
  /** Ends it; what was held or delayed goes on its way. Safe to call again. Disposal does the same. */
  lift(this: void): void;
  /**
   * Resolves when the fault has touched something: bytes were held, delayed or slowed, a connection was broken. So a test
   * acts at that moment without a sleep.
   *
   * @throws Error that names the edge and the fault when nothing was touched in time; the default is 10,000 ms.
   */
  struck(this: void, options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** From one member to another, or several such edges that are treated alike. */
export interface Edge extends Faults {
  /** For people: `cart → inventory`. */
  readonly name: string;
  /** How many connections there are now. */
  readonly connections: number;
}

// One service of a system while it lives: in a process of its own, or in the test's.

/** `frozen` is asked for; `crashed` is not. */
export type MemberState = "down" | "ready" | "frozen" | "crashed";

export interface Member {
  readonly name: string;
  readonly state: MemberState;
  /** Where it listens, past all faults; undefined while it is down. */
  readonly url: string | undefined;
  /** Starts it; resolves when others can call it. */
  start(): Promise<void>;
  /** Asks it to end, as SIGTERM does. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

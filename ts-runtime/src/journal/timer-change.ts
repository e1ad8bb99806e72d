// What an append says about timers.

/** What an append does to one timer of its entity. */
export type TimerChange =
  | {
      /** Puts the timer in the place of the one that has the name, if there is one. */
      readonly type: "schedule";
      readonly name: string;
      readonly due: TimerDue;
      /** The proto name of the method. */
      readonly command: string;
      readonly request: Uint8Array;
      /** Kept beside it, such as a trace context. */
      readonly metadata?: Readonly<Record<string, string>> | undefined;
    }
  | { readonly type: "cancel"; readonly name: string };

/** When a timer is due: so long after the append, by the database's clock, or at a time. */
export type TimerDue = { readonly afterMs: number } | { readonly at: Date };

/** A timer by its name and the id that it got when it was scheduled. */
export interface FiredTimer {
  readonly name: string;
  readonly id: string;
}

// A fault as it works on one edge.
import type { Direction } from "./fault.ts";

interface RuleBase {
  /** Undefined: both ways. */
  readonly only: Direction | undefined;
  /** Told each time that the rule touches something. */
  strike(): void;
}

export type Rule =
  | (RuleBase & { readonly type: "delay"; readonly ms: number })
  | (RuleBase & { readonly type: "limit"; readonly bytesPerSecond: number })
  | (RuleBase & { readonly type: "drop" })
  | (RuleBase & { readonly type: "cut" });

// What the comparison of two descriptors found: one place, what it was, what it is, and what to do.
import { rules, type RuleName, type Verdict } from "./rules.ts";

export interface Finding {
  readonly rule: RuleName;
  /** The message or enum as it is called now, such as `cart.v1.ItemAdded`. */
  readonly type: string;
  /** The field, case or enum value as it was called. */
  readonly name: string;
  readonly number: number;
  /** The way there from the event, such as `item_added.price`; empty for a case. */
  readonly path: string;
  readonly was: string;
  readonly is: string;
}

export function verdictOf({ rule }: Finding): Verdict {
  return rules[rule].verdict;
}

/** One sentence for the change and one for the fix. */
export function explain(finding: Finding): string {
  const { type, name, number, path, was, is, rule } = finding;
  const way = path === "" ? "" : ` (in ${path})`;
  return `${type}.${name}, number ${number}${way}, was ${was} and is ${is}. ${rules[rule].fix}.`;
}

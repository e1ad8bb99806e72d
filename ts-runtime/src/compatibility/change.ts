// What a change of a proto service means to the services that call it, compiled with what it was before. The model is
// `buf breaking` with its WIRE rules; docs/reference/api-changes.md has each rule, and a test holds it to them.
//
//   A1. A change breaks if a call that worked fails, or if some value arrives as another one, or not at all, although
//       caller or service still counts on it.
//   A2. A change is doubtful if all arrives as before, and only names, defaults or reserved numbers say that something
//       may be amiss.
//   A3. What callers know nothing of is free.

export type ChangeVerdict = "breaks" | "doubtful" | "free";

export type ChangeRule =
  | "service-removed"
  | "method-removed"
  | "streaming-changed"
  | "retries-unsafe"
  | "idempotency-weakened"
  | "type-changed"
  | "type-narrowed"
  | "list-narrowed"
  | "oneof-joined"
  | "field-removed"
  | "field-renumbered"
  | "field-required"
  | "enum-closed"
  | "value-removed"
  | "value-renumbered"
  | "field-reserved"
  | "field-name"
  | "presence-lost"
  | "default-changed"
  | "value-retired"
  | "value-name"
  | "service-added"
  | "method-added"
  | "field-added";

interface Rule {
  readonly verdict: ChangeVerdict;
  /** What to do about it; nothing for what is free. */
  readonly fix: string;
}

const breaks = (fix: string): Rule => ({ verdict: "breaks", fix });
const doubtful = (fix: string): Rule => ({ verdict: "doubtful", fix });
const free: Rule = { verdict: "free", fix: "" };

const again =
  "If it was renamed, all is well; if its number is used again, callers mean something else by it";

export const changeRules: Readonly<Record<ChangeRule, Rule>> = {
  "service-removed": breaks("Calls fail with UNIMPLEMENTED: serve it as long as it has callers"),
  "method-removed": breaks("Calls fail with UNIMPLEMENTED: serve it as long as it has callers"),
  "streaming-changed": breaks("Calls fail: leave the method as it was, and add another one that streams"),
  "retries-unsafe": breaks(
    "Callers repeat calls that may have had their effect: leave the method IDEMPOTENT, or add another one",
  ),
  "idempotency-weakened": doubtful("See that nobody calls it where an effect would be wrong"),
  "type-changed": breaks(
    "Give the field its old type back, and the new type a field with a number of its own",
  ),
  "type-narrowed": breaks(
    "Not all values fit: give the field its old type back, or add a field with a number of its own",
  ),
  "list-narrowed": breaks(
    "Only the last of several values arrives: leave the field as it was, or add a field with a number of its own",
  ),
  "oneof-joined": breaks("Only the last of several fields arrives: leave them as they were"),
  "field-removed": breaks(
    "Its values are lost: keep the field, marked deprecated, until no caller has it; then reserve its number",
  ),
  "field-renumbered": breaks(
    "Give the field its old number back; or, if it is a new one of the same name, reserve the old number",
  ),
  "field-required": breaks("Messages without it are refused: make the field optional"),
  "enum-closed": breaks("Leave the enum as it was, as a closed one loses the values that it lacks"),
  "value-removed": breaks(
    "Keep the value, marked deprecated, until no caller has it; then reserve its number",
  ),
  "value-renumbered": breaks(
    "Give the value its old number back; or, if it is a new one of the same name, reserve the old number",
  ),
  "field-reserved": doubtful("Its values are passed over: see that no caller counts on it"),
  "field-name": doubtful(again),
  "presence-lost": doubtful("0 and no value are one now: leave the field optional if that matters"),
  "default-changed": doubtful("No value means something else now: leave the old default if that matters"),
  "value-retired": doubtful("Nobody sends it any more: reserve its number"),
  "value-name": doubtful(again),
  "service-added": free,
  "method-added": free,
  "field-added": free,
};

/** One change of a proto service. */
export interface ServiceChange {
  readonly rule: ChangeRule;
  readonly verdict: ChangeVerdict;
  /** Its full name. */
  readonly protoService: string;
  /** The methods that it concerns, by name; empty where it is the service as a whole. */
  readonly methods: readonly string[];
  /** The full name of the message or enum, where it is one of their types. */
  readonly type?: string;
  /** The field or enum value, and its number. */
  readonly name?: string;
  readonly number?: number;
  /** Change and fix, in words. */
  readonly text: string;
}

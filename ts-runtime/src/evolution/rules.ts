// What a change of an event's message means to the events that are stored (J6). docs/reference/event-changes.md has each
// rule with its reason, and the changes that are free; a test holds both to the comparison.
//
// Two principles decide:
//   E1. A change is refused if some stored value would be read as another one, or not at all although its field seems to
//       be there still. The bytes tell, and they tell for certain.
//   E2. A change is warned of if all is read as before, and only the names say that something may be amiss.

/** Of `journal`, the journal decides: refused if it holds events of the case. */
export type Verdict = "refused" | "warned" | "journal";

export type RuleName =
  | "case-removed"
  | "type-changed"
  | "type-narrowed"
  | "list-narrowed"
  | "oneof-joined"
  | "field-renumbered"
  | "field-required"
  | "enum-closed"
  | "value-removed"
  | "value-renumbered"
  | "field-removed"
  | "field-name"
  | "presence-lost"
  | "default-changed"
  | "value-dropped"
  | "value-name";

interface Rule {
  readonly verdict: Verdict;
  /** What to do about it. */
  readonly fix: string;
}

/** The rules by name; what none of them covers is free. */
export const rules: Readonly<Record<RuleName, Rule>> = {
  "case-removed": {
    verdict: "journal",
    fix: "Keep the case in the proto file, marked deprecated, and give it an upcast",
  },
  "type-changed": {
    verdict: "refused",
    fix: "Give the field its old type back, and the new type a field with a number of its own",
  },
  "type-narrowed": {
    verdict: "refused",
    fix: "Give the field its old type back, as stored values may not fit the new one, or add a field with a number of its own",
  },
  "list-narrowed": {
    verdict: "refused",
    fix: "Leave the field repeated, as only the last of several stored values would be read, or add a field with a number of its own",
  },
  "oneof-joined": {
    verdict: "refused",
    fix: "Leave the fields apart, as stored messages may have several of them and a oneof keeps the last",
  },
  "field-renumbered": {
    verdict: "refused",
    fix: "Give the field its old number back; or, if it is a new one of the same name, reserve the old number",
  },
  "field-required": {
    verdict: "refused",
    fix: "Make the field optional, as stored messages may lack it",
  },
  "enum-closed": {
    verdict: "refused",
    fix: "Leave the enum open, as stored values may be none of its own",
  },
  "value-removed": {
    verdict: "refused",
    fix: "Keep the value, as a closed enum does not read what it lacks",
  },
  "value-renumbered": {
    verdict: "refused",
    fix: "Give the value its old number back; or, if it is a new one of the same name, reserve the old number",
  },
  "field-removed": {
    verdict: "warned",
    fix: "Its stored values are passed over: reserve the number, so that nobody uses it again",
  },
  "field-name": {
    verdict: "warned",
    fix: "If it was renamed, all is well; if its number is used again, stored values now mean something else: take a new number",
  },
  "presence-lost": {
    verdict: "warned",
    fix: "A stored 0 and no value are one now: leave the field optional if that matters",
  },
  "default-changed": {
    verdict: "warned",
    fix: "Stored messages without a value now have the new default: leave the old one if that matters",
  },
  "value-dropped": {
    verdict: "warned",
    fix: "Handlers get its bare number: reserve it, so that nobody uses it again",
  },
  "value-name": {
    verdict: "warned",
    fix: "If it was renamed, all is well; if its number is used again, stored values now mean something else: take a new number",
  },
};

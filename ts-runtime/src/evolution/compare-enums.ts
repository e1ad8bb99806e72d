// Two versions of an enum. An open one reads each number; a closed one reads only its own and loses the others.
import type { DescEnum, DescEnumValue } from "@bufbuild/protobuf";
import type { Finding } from "./finding.ts";
import { isOtherName } from "./names.ts";

/** What reading stored values of `stored` as `compiled` would do; `path` is the field. */
export function compareEnums(stored: DescEnum, compiled: DescEnum, path: string): readonly Finding[] {
  const type = compiled.typeName;
  const findings: Finding[] = [];
  if (stored.open && !compiled.open) {
    const [first] = stored.values;
    findings.push({
      rule: "enum-closed",
      type,
      name: first?.name ?? "",
      number: first?.number ?? 0,
      path,
      was: "of an open enum",
      is: "of a closed one",
    });
  }
  for (const [number, was] of byNumber(stored)) {
    const is = byNumber(compiled).get(number);
    const about = { type, name: was[0] ?? "", number, path, was: `the value ${was.join(" and ")}` };
    if (is === undefined) {
      const moved = compiled.values.find(({ name }) => was.includes(name));
      if (isReserved(compiled, number)) {
        if (!compiled.open) findings.push({ ...about, rule: "value-removed", is: "reserved" });
      } else if (moved !== undefined) {
        findings.push({ ...about, rule: "value-renumbered", is: `gone, and ${moved.number} has that name` });
      } else {
        findings.push({ ...about, rule: compiled.open ? "value-dropped" : "value-removed", is: "gone" });
      }
    } else if (was.every((name) => is.every((other) => isOtherName(name, other)))) {
      findings.push({ ...about, rule: "value-name", is: is.join(" and ") });
    }
  }
  return findings;
}

/** A number may have several names. */
function byNumber({ values }: { readonly values: readonly DescEnumValue[] }): ReadonlyMap<number, string[]> {
  const names = new Map<number, string[]>();
  for (const { name, number } of values) names.set(number, [...(names.get(number) ?? []), name]);
  return names;
}

/** The end of a reserved range belongs to it, in an enum. */
function isReserved({ proto }: DescEnum, number: number): boolean {
  return proto.reservedRange.some(({ start, end }) => start <= number && number <= end);
}

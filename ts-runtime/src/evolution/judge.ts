// The comparison of a compiled event with all that was stored of it, settled by the journal where that decides.
import type { DescMessage } from "@bufbuild/protobuf";
import type { Sql, TransactionSql } from "../postgres/index.ts";
import { compareEvents } from "./compare-messages.ts";
import { countedCases, findCase, type StoredCase, type StoredDescriptor } from "./descriptor-table.ts";
import { explain, verdictOf, type Finding } from "./finding.ts";

/** A finding of one entity type, settled. */
export interface Problem extends Finding {
  readonly entityType: string;
  readonly verdict: "refused" | "warned";
  /** Change and fix, in words. */
  readonly text: string;
}

/**
 * What a version with the event message `compiled` would do to what was stored under `stored`, in the order of storing.
 * All that is refused is told; of what is only warned of, what is new since the last descriptor.
 */
export async function judge(
  sql: Sql | TransactionSql,
  entityType: string,
  { stored, compiled }: { readonly stored: readonly StoredDescriptor[]; readonly compiled: DescMessage },
): Promise<readonly Problem[]> {
  const problems = new Map<string, Problem>();
  const searches = new Map<number, Promise<StoredCase | undefined>>();
  /** Once for each case, however many versions had it: it may take a while. */
  const search = (number: number): Promise<StoredCase | undefined> => {
    const searching = searches.get(number) ?? findCase(sql, entityType, number);
    searches.set(number, searching);
    return searching;
  };
  for (const descriptor of stored) {
    const isLast = descriptor === stored.at(-1);
    for (const finding of compareEvents(descriptor.message, compiled)) {
      const key = `${finding.rule} ${finding.type} ${finding.number} ${finding.was}`;
      if (problems.has(key) || (verdictOf(finding) === "warned" && !isLast)) continue;
      const problem = await settle(finding, entityType, search);
      if (problem !== undefined) problems.set(key, problem);
    }
  }
  return [...problems.values()];
}

async function settle(
  finding: Finding,
  entityType: string,
  search: (number: number) => Promise<StoredCase | undefined>,
): Promise<Problem | undefined> {
  const verdict = verdictOf(finding);
  if (verdict !== "journal") return { ...finding, entityType, verdict, text: explain(finding) };
  const events = await search(finding.number);
  if (events === undefined) return undefined;
  const settled = { ...finding, is: `gone, but ${tell(events)}` };
  return { ...settled, entityType, verdict: "refused", text: explain(settled) };
}

function tell({ count, entityId, revision }: StoredCase): string {
  const events = count === 1 ? "1 stored event has" : `${count} stored events have`;
  return `${count === countedCases ? "at least " : ""}${events} it, such as revision ${revision} of "${entityId}"`;
}

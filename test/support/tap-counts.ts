// Counts results in a TAP stream: what passed and failed at the leaves. A summary line of a test or file counts
// only when it failed and nothing in it did: a crash, a timeout, an error at load.

/** What a run of tests came to. */
export interface TapCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Level {
  /** A subtest was announced here and its summary has not come yet. */
  open: boolean;
  /** How many had failed when it was announced. */
  failedBefore: number;
}

/** Counts the results of a TAP 14 text with subtests indented by four spaces, as tap writes it. */
export function countTap(text: string): TapCounts {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  let diagnosticIndent: number | undefined;
  const levels = new Map<number, Level>();
  for (const line of text.split("\n")) {
    const indent = line.length - line.trimStart().length;
    const content = line.trimStart();
    if (diagnosticIndent !== undefined) {
      if (indent === diagnosticIndent && content === "...") diagnosticIndent = undefined;
      continue;
    }
    if (content === "---") {
      diagnosticIndent = indent;
    } else if (content.startsWith("# Subtest")) {
      levels.set(indent, { open: true, failedBefore: failed });
    } else {
      const result = /^(not )?ok\b(.*)$/.exec(content);
      if (result === null) continue;
      const level = levels.get(indent);
      const summary = level?.open === true;
      if (level !== undefined) level.open = false;
      if (/ # (SKIP|TODO)\b/i.test(result[2] ?? "")) skipped += summary ? 0 : 1;
      else if (result[1] === undefined) passed += summary ? 0 : 1;
      else if (!summary || level.failedBefore === failed) failed += 1;
    }
  }
  return { passed, failed, skipped };
}

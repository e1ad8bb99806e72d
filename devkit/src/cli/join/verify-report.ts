// What `samspel join verify` shows: a line for each rule, and of what does not hold what was found, what must be and how
// to mend it.
import type { Finding, VerifiedSubject, VerifyReporter } from "../../join/verify/index.ts";
import { resolveColors, type Colors } from "../../report/index.ts";

export interface VerifyReport extends VerifyReporter {
  end(verdict: { readonly findings: readonly Finding[] }): void;
  /** Takes away what is under way. */
  clear(): void;
}

export interface VerifyReportOptions {
  readonly json: boolean;
  readonly color: boolean;
  /** Whether a `should` that does not hold is a failure. */
  readonly strict: boolean;
}

export function createVerifyReport(options: VerifyReportOptions): VerifyReport {
  return options.json ? jsonReport(options) : textReport(options);
}

/** Where a rule is explained. */
function pageOf(rule: string): string {
  return `docs/joining.md#${rule.toLowerCase()}`;
}

type Mark = "passed" | "failed" | "warning" | "skipped";

function markOf({ level, outcome }: Finding, strict: boolean): Mark {
  if (outcome.type !== "failed") return outcome.type;
  return level === "must" || strict ? "failed" : "warning";
}

function countOf(findings: readonly Finding[], strict: boolean): Readonly<Record<Mark, number>> {
  const count = { passed: 0, failed: 0, warning: 0, skipped: 0 };
  for (const finding of findings) count[markOf(finding, strict)]++;
  return count;
}

function write(value: object): void {
  console.log(JSON.stringify(value));
}

function jsonReport({ strict }: VerifyReportOptions): VerifyReport {
  return {
    begin: (subject, rules) => write({ type: "subject", ...subject, rules }),
    checking: () => {},
    found(finding) {
      const { outcome, ...rest } = finding;
      const { type: _, ...more } = outcome;
      write({
        type: "finding",
        ...rest,
        outcome: markOf(finding, strict),
        ...more,
        see: pageOf(finding.rule),
      });
    },
    end: ({ findings }) => write({ type: "verdict", ...countOf(findings, strict) }),
    clear: () => {},
  };
}

function textReport({ color, strict }: VerifyReportOptions): VerifyReport {
  const colors = resolveColors(process.stdout, color);
  const isTerminal = process.stderr.isTTY;
  let shown = false;
  const clear = (): void => {
    if (shown) process.stderr.write("\r\u001B[K");
    shown = false;
  };
  const line = (text: string): void => {
    clear();
    console.log(text);
  };
  return {
    clear,
    begin: (subject) => line(`${subjectText(subject)}\n`),
    checking(rule, title) {
      if (!isTerminal) return;
      clear();
      process.stderr.write(`… ${rule} ${title}`);
      shown = true;
    },
    found: (finding) => line(findingText(finding, markOf(finding, strict), colors)),
    end({ findings }) {
      const { passed, failed, warning, skipped } = countOf(findings, strict);
      const parts = [
        `${passed} passed`,
        failed === 0 ? "none failed" : colors.red(`${failed} failed`),
        ...(warning === 0 ? [] : [colors.yellow(`${warning} to look at`)]),
        ...(skipped === 0 ? [] : [`${skipped} skipped`]),
      ];
      line(`\n${parts.join(", ")}`);
    },
  };
}

function subjectText({ name, id, address, lang, version }: VerifiedSubject): string {
  const about = [lang, version].filter((each) => each !== undefined && each !== "").join(" ");
  const place = address === undefined ? "" : ` at ${address}`;
  return `${name ?? "a service"}${place}${id === undefined ? "" : ` (${id})`}${about === "" ? "" : `, ${about}`}`;
}

const symbols: Readonly<Record<Mark, string>> = { passed: "✔", failed: "✘", warning: "!", skipped: "-" };

function findingText({ rule, title, outcome }: Finding, mark: Mark, colors: Colors): string {
  const paint = { passed: colors.green, failed: colors.red, warning: colors.yellow, skipped: colors.dim }[
    mark
  ];
  const head = `${paint(symbols[mark])} ${rule.padEnd(8)} ${title}`;
  switch (outcome.type) {
    case "passed":
      return outcome.note === undefined ? head : `${head} ${colors.dim(`(${outcome.note})`)}`;
    case "skipped":
      return `${head} ${colors.dim(`- skipped: ${outcome.why}`)}`;
    default: {
      const lines = outcome.problems.flatMap(({ found, must, mend }) => [
        `    found ${found}`,
        `    must  ${must}`,
        `    mend  ${mend}`,
      ]);
      return [head, ...lines, colors.dim(`    see   ${pageOf(rule)}`)].join("\n");
    }
  }
}

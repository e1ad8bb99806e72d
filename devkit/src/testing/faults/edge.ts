// The faults of one line, or of several alike: `cart → inventory`, or all that leads to Postgres.
import type { Edge, Fault, FaultOptions, Faults } from "./fault.ts";
import type { Line } from "./line.ts";
import type { Rule } from "./rule.ts";

const struckTimeoutMs = 10_000;

/** A rule, but for who is told that it struck. */
type RuleOf = (strike: () => void) => Rule;

/** The edge over these lines. `name` is for people. */
export function createEdge(name: string, lines: readonly Line[]): Edge {
  return {
    name,
    get connections() {
      return lines.reduce((sum, line) => sum + line.connections, 0);
    },
    ...faultsOf((made) => {
      const fault = createFault(name, lines);
      made(fault);
      return fault.handle;
    }),
  };
}

interface FaultInMaking {
  readonly handle: Fault;
  impose(what: string, rule: RuleOf): void;
  reset(): void;
}

/** The methods, over what each of them does to a fault: one that begins, or one of a chain. */
function faultsOf(make: (made: (fault: FaultInMaking) => void) => Fault): Faults {
  const impose = (what: string, rule: RuleOf): Fault => make((fault) => fault.impose(what, rule));
  return {
    delay(ms, { only }: FaultOptions = {}) {
      requirePositive("delay", "ms", ms);
      return impose(`delay(${ms})`, (strike) => ({ type: "delay", ms, only, strike }));
    },
    limit(bytesPerSecond, { only }: FaultOptions = {}) {
      requirePositive("limit", "bytesPerSecond", bytesPerSecond);
      return impose(`limit(${bytesPerSecond})`, (strike) => ({
        type: "limit",
        bytesPerSecond,
        only,
        strike,
      }));
    },
    drop: ({ only }: FaultOptions = {}) => impose("drop()", (strike) => ({ type: "drop", only, strike })),
    cut: () => impose("cut()", (strike) => ({ type: "cut", only: undefined, strike })),
    reset: () => make((fault) => fault.reset()),
  };
}

function createFault(edge: string, lines: readonly Line[]): FaultInMaking {
  const struck = Promise.withResolvers<void>();
  const rules: Rule[] = [];
  const names: string[] = [];
  const lift = (): void => {
    for (const rule of rules.splice(0)) for (const line of lines) line.remove(rule);
  };
  const fault: FaultInMaking = {
    impose(what, ruleOf) {
      const rule = ruleOf(struck.resolve);
      names.push(what);
      rules.push(rule);
      for (const line of lines) line.add(rule);
    },
    reset() {
      names.push("reset()");
      if (lines.map((line) => line.reset()).some((broken) => broken > 0)) struck.resolve();
    },
    handle: {
      ...faultsOf((made) => {
        made(fault);
        return fault.handle;
      }),
      lift,
      struck: ({ timeoutMs = struckTimeoutMs } = {}) =>
        inTime(struck.promise, timeoutMs, () => `${names.join(".")} of ${edge} touched something`),
      [Symbol.dispose]: lift,
      [Symbol.asyncDispose]: () => Promise.resolve(lift()),
    },
  };
  return fault;
}

async function inTime(promise: Promise<void>, timeoutMs: number, what: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${timeoutMs} ms in vain until ${what()}`)), timeoutMs);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function requirePositive(fault: string, name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new RangeError(`Cannot make ${fault} as ${name} must be more than 0: current value is ${value}`);
}

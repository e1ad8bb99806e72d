/** What was found of one thing that a system needs. */
export interface Finding {
  /** What was looked at: `Node`, `port of orders`. */
  readonly what: string;
  /** `warning`: something is left out, or slower; `problem`: it will not work. */
  readonly state: "ok" | "warning" | "problem";
  /** What is there, or what is wrong. */
  readonly found: string;
  /** What to do about it; empty where all is well. */
  readonly fix: string;
}

export function ok(what: string, found: string): Finding {
  return { what, state: "ok", found, fix: "" };
}

export function warning(what: string, found: string, fix: string): Finding {
  return { what, state: "warning", found, fix };
}

export function problem(what: string, found: string, fix: string): Finding {
  return { what, state: "problem", found, fix };
}

// What stops a start of infra: one error that says what failed, why, and what helps (A1).
import type { InfraPartName } from "./infra.ts";

/** Infra cannot start. The message is for people and complete; it holds no password. */
export class InfraError extends Error {
  static {
    this.prototype.name = "InfraError";
  }

  /** The part that failed, if it was one. */
  readonly part: InfraPartName | undefined;

  constructor(message: string, options: ErrorOptions & { readonly part?: InfraPartName } = {}) {
    super(message, options);
    this.part = options.part;
  }
}

/** The reason in an error of Node's, without our path of calls. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error && error.message === "fetch failed") return reasonOf(error.cause);
  return error.message === "" && "code" in error ? String(error.code) : error.message;
}

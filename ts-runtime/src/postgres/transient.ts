// Which failures of Postgres a retry heals.

/** Of the driver and the network: the connection could not be made or was lost. */
const connectionCodes: ReadonlySet<string> = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOTFOUND", // where a name goes with its server, as in Kubernetes; a start that meets it fails all the same
]);

/** Of our own: see `Bounded`. */
const ownCodes = { statementTimeout: "STATEMENT_TIMEOUT", noAnswer: "NO_ANSWER" } as const;
const boundedCodes: ReadonlySet<string> = new Set(Object.values(ownCodes));

/**
 * Of the server: admin shutdown, crash, not yet up, too many connections, serialization, deadlock, lock timeout; disk
 * full, for who can wait, such as a projection: a command is told at once, see `Bounded`.
 */
const serverCodes: ReadonlySet<string> = new Set([
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  "53300",
  "40001",
  "40P01",
  "55P03",
  "53100",
]);

/** The SQLSTATE or system code of a failure, if it has one. */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether the same query may succeed if it is sent again. Whether it took effect already is another question. */
export function isTransient(error: unknown): boolean {
  const code = errorCodeOf(error);
  if (code === undefined) return false;
  return (
    connectionCodes.has(code) || serverCodes.has(code) || boundedCodes.has(code) || code.startsWith("08")
  );
}

/**
 * Whether a single statement that failed so has certainly written nothing: Postgres said so and went on. After the loss
 * of a connection, which an error of severity FATAL is too, it may have been committed all the same.
 */
export function tookNoEffect(error: unknown): boolean {
  return error instanceof Error && (severityOf(error) ?? severityOf(error.cause)) === "ERROR";
}

function severityOf(error: unknown): unknown {
  return error instanceof Error && "severity" in error ? error.severity : undefined;
}

/** Postgres ended a statement that took too long. */
export function statementTimeout(afterMs: number, cause: unknown): Error {
  const message = `Postgres ended a statement of the runtime after ${afterMs} ms`;
  return Object.assign(new Error(message, { cause }), { code: ownCodes.statementTimeout });
}

/** A statement waits too long, for a connection or on one. */
export function noAnswer(afterMs: number): Error {
  return Object.assign(new Error(`Postgres gave a statement of the runtime no answer for ${afterMs} ms`), {
    code: ownCodes.noAnswer,
  });
}

/** Whether a row of that primary key was there already. */
export function isUniqueViolation(error: unknown): boolean {
  return errorCodeOf(error) === "23505";
}

/** Whether the server ended a statement that ran for too long. */
export function isCanceled(error: unknown): boolean {
  return errorCodeOf(error) === "57014";
}

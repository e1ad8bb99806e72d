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

/** Of the server: admin shutdown, crash, not yet up, too many connections, serialization, deadlock, lock timeout. */
const serverCodes: ReadonlySet<string> = new Set([
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  "53300",
  "40001",
  "40P01",
  "55P03",
]);

/** The SQLSTATE or system code of a failure, if it has one. */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether the same query may succeed if it is sent again. Whether it took effect already is another question. */
export function isTransient(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code !== undefined && (connectionCodes.has(code) || serverCodes.has(code) || code.startsWith("08"));
}

/** Whether a row of that primary key was there already. */
export function isUniqueViolation(error: unknown): boolean {
  return errorCodeOf(error) === "23505";
}

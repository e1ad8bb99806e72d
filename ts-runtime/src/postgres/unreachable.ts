// Why the database does not answer, and what to do about it: one clear error (A1).
import { SamspelError } from "../errors/index.ts";
import { redactUrl } from "../telemetry/index.ts";
import { errorCodeOf } from "./transient.ts";

const fixes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "start Postgres, or point DATABASE_URL at one that runs",
  ENOTFOUND: "check the host in DATABASE_URL",
  CONNECT_TIMEOUT: "check host and port in DATABASE_URL, and the firewall between",
  ERR_INVALID_URL: "DATABASE_URL must look like postgres://user:password@host:5432/database",
  "28P01": "check user and password in DATABASE_URL",
  "28000": "check user and password in DATABASE_URL, and pg_hba.conf",
  "3D000": "create the database, or name another one in DATABASE_URL",
  "42501": "grant the user the right to create schemas, or create the schema for it",
  "53300": "raise max_connections of Postgres, or lower maxConnections of the services",
};

/** The error of a database that cannot be used; it names the URL without its password, the reason and the fix. */
export function unreachable(error: unknown, url: string): SamspelError {
  if (error instanceof SamspelError) return error;
  const reason = error instanceof Error && error.message !== "" ? error.message : String(errorCodeOf(error));
  const fix = fixes[errorCodeOf(error) ?? ""] ?? "check DATABASE_URL and the log of Postgres";
  return new SamspelError(
    "SAMSPEL_DATABASE_UNREACHABLE",
    `Cannot use the database ${redactUrl(url)}: ${reason}: ${fix}`,
    { cause: error },
  );
}

// Why a port could not be had, in words that say what to do (A1).
import { SamspelError } from "../errors/index.ts";

const reasons: Readonly<Record<string, { readonly why: string; readonly fix: string }>> = {
  EADDRINUSE: {
    why: "the port is in use",
    fix: "set SAMSPEL_PORT to a free port, or leave it unset for one that the system picks",
  },
  EACCES: {
    why: "this user may not open the port",
    fix: "set SAMSPEL_PORT to a port of 1024 or above",
  },
  EADDRNOTAVAIL: {
    why: "this machine has no such address",
    fix: "set SAMSPEL_HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0",
  },
  ENOTFOUND: {
    why: "the host name does not resolve",
    fix: "set SAMSPEL_HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0",
  },
};

export function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = reasons[code];
  if (reason === undefined) return error;
  return new SamspelError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Cannot listen on ${host}:${port} as ${reason.why}: ${reason.fix}`,
    { cause: error, metadata: { host, port: String(port) } },
  );
}

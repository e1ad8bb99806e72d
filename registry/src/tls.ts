// How to speak TLS to the registry: files of PEM, by option or by the variables of Consul's own tools.
import { readFileSync } from "node:fs";
import { RegistryError } from "./errors.ts";

/** TLS to an `https` registry. Files hold PEM and are read once, when the client is made. */
export interface RegistryTls {
  /** The certificates that may have signed the registry's. Default: `CONSUL_CACERT`, else Node's own. */
  readonly caFile?: string;
  /** A certificate of this process, where the registry asks for one. Default: `CONSUL_CLIENT_CERT`. */
  readonly certFile?: string;
  /** Its key. Default: `CONSUL_CLIENT_KEY`. */
  readonly keyFile?: string;
  /** The name that the registry's certificate must have. Default: `CONSUL_TLS_SERVER_NAME`, else the URL's host. */
  readonly serverName?: string;
  /** False takes any certificate: for a try only. Default: true, unless `CONSUL_HTTP_SSL_VERIFY` is `false`. */
  readonly verify?: boolean;
}

export interface ResolvedTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly verify: boolean;
}

/** @throws RegistryError `SAMSPEL_INVALID_CONFIGURATION` naming the file that cannot be read, or is missing. */
export function resolveTls(
  tls: RegistryTls,
  environment: Readonly<Record<string, string | undefined>>,
): ResolvedTls {
  const read = (option: string, file: string | undefined, variable: string): string | undefined => {
    const [source, path] =
      file === undefined ? [variable, environment[variable] || undefined] : [option, file];
    return path === undefined ? undefined : readPem(source, path);
  };
  const ca = read("tls.caFile", tls.caFile, "CONSUL_CACERT");
  const cert = read("tls.certFile", tls.certFile, "CONSUL_CLIENT_CERT");
  const key = read("tls.keyFile", tls.keyFile, "CONSUL_CLIENT_KEY");
  if ((cert === undefined) !== (key === undefined)) {
    throw new RegistryError(
      "SAMSPEL_INVALID_CONFIGURATION",
      "Cannot speak TLS to the registry with a client certificate or a key alone: set both CONSUL_CLIENT_CERT and " +
        "CONSUL_CLIENT_KEY (tls.certFile and tls.keyFile), or neither",
    );
  }
  return {
    ca,
    cert,
    key,
    serverName: tls.serverName ?? (environment["CONSUL_TLS_SERVER_NAME"] || undefined),
    verify: tls.verify ?? environment["CONSUL_HTTP_SSL_VERIFY"] !== "false",
  };
}

function readPem(source: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new RegistryError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `Cannot read ${source} "${path}": it must be a file of PEM that this process may read`,
      { cause: error },
    );
  }
  if (text.includes("-----BEGIN ")) return text;
  throw new RegistryError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Cannot use ${source} "${path}" as it holds no PEM: it must begin with "-----BEGIN"`,
  );
}

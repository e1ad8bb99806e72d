// The certificate of the public port, from files that whoever renews it writes anew.
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Logger } from "@samspel/runtime/proxy";
import { GatewayError } from "../gateway-error.ts";

export interface TlsFiles extends Disposable {
  readonly current: { readonly cert: Buffer; readonly key: Buffer };
  onChange(listener: (context: TlsFiles["current"]) => void): void;
}

/** Renewals come weeks before a certificate ends; files on network disks and in Kubernetes tell of no changes. */
const lookEveryMs = 60_000;

/** @throws GatewayError when they cannot be read, or do not belong together. */
export async function watchTlsFiles(
  files: { readonly certFile: string; readonly keyFile: string },
  logger: Logger,
  everyMs: number = lookEveryMs,
): Promise<TlsFiles> {
  let current = await read(files);
  const listeners: ((context: TlsFiles["current"]) => void)[] = [];
  const look = async (): Promise<void> => {
    const next = await read(files);
    if (next.cert.equals(current.cert) && next.key.equals(current.key)) return;
    current = next;
    for (const listener of listeners) listener(next);
    logger.info({ certFile: files.certFile }, "the certificate is new");
  };
  const timer = setInterval(() => {
    look().catch((error: unknown) =>
      logger.error({ err: error }, "the new certificate cannot be used: the old one stays"),
    );
  }, everyMs);
  timer.unref();
  return {
    get current() {
      return current;
    },
    onChange: (listener) => void listeners.push(listener),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

async function read({ certFile, keyFile }: { readonly certFile: string; readonly keyFile: string }) {
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    // So that a pair that is half written is found out here, and not at a handshake.
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GatewayError(
      `Cannot use tls.certFile ${certFile} and tls.keyFile ${keyFile}: ${reason}. Give a chain and its key, both in PEM`,
      { cause: error },
    );
  }
}

// An issuer of tokens as the world has them: keys at a URL, which rotate, and which are away.
import { once } from "node:events";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";
import type { Test } from "tap";
import type { IssuerOptions } from "../../ts-runtime/src/auth/index.ts";

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

interface TokenOptions {
  readonly kid?: string;
  readonly alg?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly subject?: string | undefined;
  readonly issuer?: string;
  readonly audience?: string | string[];
  readonly expiresInS?: number | undefined;
  readonly notBeforeInS?: number;
  /** Who signs it; by default the issuer. */
  readonly by?: Keys["privateKey"];
}

export interface Issuer {
  readonly options: IssuerOptions;
  readonly url: string;
  /** How often its keys were asked for. */
  readonly fetches: () => number;
  /** What is answered from now on: keys, or a failure. */
  answer: "keys" | "failure" | "garbage";
  token(options?: TokenOptions): Promise<string>;
  /** Makes a key, which signs from now on; the former ones stay published, or do not. */
  rotate(kid: string, keepFormer?: boolean): Promise<void>;
}

/** Starts an issuer at a port of its own; its first key is `one`. */
export async function startIssuer(t: Test): Promise<Issuer> {
  let fetches = 0;
  let published: JWK[] = [];
  let current: { readonly kid: string; readonly keys: Keys };
  const server = createServer((_, response) => {
    fetches += 1;
    if (issuer.answer === "failure") return void response.writeHead(503).end();
    response.end(issuer.answer === "garbage" ? "{}" : JSON.stringify({ keys: published }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}/keys.json`;
  const rotate: Issuer["rotate"] = async (kid, keepFormer = true) => {
    const keys = await generateKeyPair("RS256");
    published = [
      ...(keepFormer ? published : []),
      { ...(await exportJWK(keys.publicKey)), kid, alg: "RS256", use: "sig" },
    ];
    current = { kid, keys };
  };
  await rotate("one");
  const issuer: Issuer = {
    options: { issuer: "https://id.test", audience: "doors", jwks: url },
    url,
    fetches: () => fetches,
    answer: "keys",
    rotate,
    token(options = {}) {
      const { kid = current.kid, alg = "RS256", claims = {}, by = current.keys.privateKey } = options;
      const nowS = Math.floor(Date.now() / 1_000);
      const token = new SignJWT({ ...claims })
        .setProtectedHeader({ alg, kid })
        .setIssuer(options.issuer ?? "https://id.test")
        .setAudience(options.audience ?? "doors");
      const subject = "subject" in options ? options.subject : "ann";
      if (subject !== undefined) token.setSubject(subject);
      const expiresInS = "expiresInS" in options ? options.expiresInS : 3_600;
      if (expiresInS !== undefined) token.setExpirationTime(nowS + expiresInS);
      if (options.notBeforeInS !== undefined) token.setNotBefore(nowS + options.notBeforeInS);
      return token.sign(by);
    },
  };
  return issuer;
}

// Who may talk to the dashboard. It calls every method of every service and stops processes, and a browser lets any
// page send requests to the loopback; so each request must show that it comes from the dashboard's own pages, or from
// no browser.
//
//   A1. The `Host` is an address, `localhost` or a name that was allowed: a foreign name that resolves to the loopback
//       (DNS rebinding) is refused.
//   A2. An `Origin` is the dashboard's own. Nothing is ever answered to another one: no CORS header is sent.
//   A3. What a browser says comes from another site (`Sec-Fetch-Site`) is refused, but for a link that opens a page.
//   A4. Where there is a token, every request has it: as bearer token, or in the cookie that a link with it has set.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

export interface AccessOptions {
  /** Host names besides `localhost` under which the dashboard is reached. */
  readonly allowedHosts: readonly string[];
  readonly token: string | undefined;
  /** The name of the cookie; browsers do not keep those of two ports apart. */
  readonly cookie: string;
}

type Verdict =
  | { readonly type: "allowed" }
  /** It has shown the token in a link: it gets the cookie, and the link without the token. */
  | { readonly type: "log-in"; readonly location: string }
  | { readonly type: "refused"; readonly status: 401 | 403 | 421; readonly reason: string };

export type Access = (request: IncomingMessage) => Verdict;

export function createAccess({ allowedHosts, token, cookie }: AccessOptions): Access {
  const names = new Set(["localhost", ...allowedHosts.map((name) => name.toLowerCase())]);

  return (request) => {
    const { headers } = request;
    const host = headers.host ?? "";
    if (!isKnown(host, names)) {
      return refused(
        421,
        `This dashboard is not at ${JSON.stringify(host)}: open it by its address, or allow the name`,
      );
    }
    const { origin } = headers;
    if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      return refused(403, `Pages of ${JSON.stringify(origin)} may not use this dashboard`);
    }
    const site = headers["sec-fetch-site"] ?? "none";
    if (site !== "none" && site !== "same-origin" && !opensPage(request)) {
      return refused(403, "Pages of other sites may not use this dashboard");
    }
    return token === undefined ? { type: "allowed" } : withToken(request, token, cookie);
  };
}

/** The host without its port, in lower case; undefined where it is none. */
function isKnown(host: string, names: ReadonlySet<string>): boolean {
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
  // Nothing but a host and a port may stand there.
  if (url === undefined || host === "" || /[/?#@\\\s]/.test(host)) return false;
  const name = url.hostname.replace(/^\[|\]$/g, "");
  return isIP(name) > 0 || names.has(name);
}

/** Whether a person follows a link to a page: it is shown, and nothing else is done or told. */
function opensPage({ method, headers, url = "" }: IncomingMessage): boolean {
  return method === "GET" && headers["sec-fetch-mode"] === "navigate" && !isApi(url);
}

/** Whether a path is answered by a handler, and not by a file. */
export function isApi(path: string): boolean {
  return path.startsWith("/services/") || /^\/[\w.]+\.[A-Z]\w*\//.test(path);
}

function withToken(request: IncomingMessage, token: string, cookie: string): Verdict {
  const { headers, url = "/", method } = request;
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  const kept = cookieOf(headers.cookie ?? "", cookie);
  if (isSame(bearer, token) || isSame(kept, cookieValue(token))) return { type: "allowed" };
  const link = new URL(url.replace(/^\/+/, "/"), "http://dashboard");
  const given = link.searchParams.get("token");
  if (method === "GET" && !isApi(link.pathname) && isSame(given ?? undefined, token)) {
    link.searchParams.delete("token");
    return { type: "log-in", location: `${link.pathname}${link.search}` };
  }
  return refused(401, "This dashboard wants a token: open the link that was printed when it started");
}

/** Any token fits into a cookie so. */
export function cookieValue(token: string): string {
  return hash(token).toString("base64url");
}

function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(";")) {
    const [key = "", value = ""] = part.trim().split("=", 2);
    if (key === name) return value;
  }
  return undefined;
}

/** Takes as long for every wrong token. */
function isSame(given: string | undefined, token: string): boolean {
  if (given === undefined) return false;
  return timingSafeEqual(hash(given), hash(token));
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function refused(status: 401 | 403 | 421, reason: string): Verdict {
  return { type: "refused", status, reason };
}

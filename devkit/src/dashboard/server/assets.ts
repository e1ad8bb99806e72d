// The files of the pages.
//
//   F1. Nothing outside the folder is ever sent: what is there is listed once at the start, and only that is known.
//   F2. A file whose name has a hash never changes, and browsers keep it; any other one they ask for again, with its
//       ETag.
//   F3. A path that is no file is a place within the pages, and gets index.html; one that looks like a file does not.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { gzipSync } from "node:zlib";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** `app-3F2A9B1C.js`, `app.3f2a9b1c.css`. */
const hashedName = /[-.][0-9A-Za-z_]{8,}\.\w+$/;
const compressible = /^text\/|json|svg/;
const compressFromBytes = 1_024;

interface Asset {
  readonly body: Buffer;
  readonly packed: Buffer | undefined;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
}

export type Assets = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves a folder; where it is missing or has no index.html, a page that says how to get there. */
export function createAssets(folder: string | undefined): Assets {
  let files = readAssets(folder);
  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    // Built since: whoever develops the pages need not start again.
    if (!files.has("/index.html")) files = readAssets(folder);
    const path = pathOf(request.url ?? "/");
    const asset = files.get(path) ?? (extname(path) === "" ? files.get("/index.html") : undefined);
    if (asset !== undefined) send(request, response, asset);
    else if (extname(path) === "") sendText(response, 503, notBuilt(folder));
    else sendText(response, 404, `No file ${path}`);
  };
}

function readAssets(folder: string | undefined): ReadonlyMap<string, Asset> {
  if (folder === undefined || !existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        return [
          `/${file
            .slice(folder.length)
            .replace(/^[/\\]+/, "")
            .replaceAll(sep, "/")}`,
          readAsset(file),
        ];
      }),
  );
}

function readAsset(file: string): Asset {
  const body = readFileSync(file);
  const type = types[extname(file)] ?? "application/octet-stream";
  return {
    body,
    packed: compressible.test(type) && body.length >= compressFromBytes ? gzipSync(body) : undefined,
    type,
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    cacheControl: hashedName.test(file) ? "public, max-age=31536000, immutable" : "no-cache",
  };
}

function pathOf(url: string): string {
  const [path = "/"] = url.split(/[?#]/, 1);
  try {
    const decoded = decodeURIComponent(path);
    return decoded === "/" ? "/index.html" : decoded;
  } catch {
    return path;
  }
}

function send(request: IncomingMessage, response: ServerResponse, asset: Asset): void {
  const takesGzip = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
  const body = takesGzip && asset.packed !== undefined ? asset.packed : asset.body;
  const headers: Record<string, string> = {
    etag: asset.etag,
    "cache-control": asset.cacheControl,
    vary: "accept-encoding",
  };
  if (request.headers["if-none-match"] === asset.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  if (body === asset.packed) headers["content-encoding"] = "gzip";
  response.writeHead(200, {
    ...headers,
    "content-type": asset.type,
    "content-length": String(body.length),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(`${text}\n`);
}

function notBuilt(folder: string | undefined): string {
  const where = folder === undefined ? "No folder of pages is set" : `The pages are not built in ${folder}`;
  return `${where}. Its API answers: see docs/reference/dashboard-api.md.`;
}

// Who may use the dashboard, and what its answers say: it can call and stop everything.
import { request, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import t from "tap";
import { startDashboard } from "../../../devkit/src/dashboard/index.ts";
import { fakeSystem, startFixture } from "./fixture.ts";

const list = "/samspel.dev.v1.DashboardService/ListMethods";

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** By Node's own client, which sends any header. */
function send(
  url: string,
  path: string,
  {
    method = "GET",
    headers = {},
    body,
  }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers }, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const post = (headers: OutgoingHttpHeaders = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: "{}",
});

t.test("pages of other sites, and names that resolve to the loopback, are refused", async (t) => {
  const { url } = await startFixture(t);
  const { host, port } = new URL(url);
  const cases: readonly (readonly [string, OutgoingHttpHeaders, number])[] = [
    ["no browser", {}, 200],
    ["its own pages", { origin: url, "sec-fetch-site": "same-origin" }, 200],
    ["localhost", { host: `localhost:${port}`, origin: `http://localhost:${port}` }, 200],
    ["a forwarded port", { host: "localhost:9000", origin: "http://localhost:9000" }, 200],
    ["IPv6", { host: `[::1]:${port}` }, 200],
    ["DNS rebinding", { host: `evil.example:${port}` }, 421],
    ["a name that begins like an address", { host: "127.0.0.1.evil.example" }, 421],
    ["a host with a path", { host: `localhost/evil.example` }, 421],
    ["a host with credentials", { host: `localhost@evil.example` }, 421],
    ["another site", { origin: "http://evil.example" }, 403],
    ["another port of this machine", { origin: "http://127.0.0.1:1" }, 403],
    ["an opaque origin", { origin: "null" }, 403],
    ["a site without origin", { "sec-fetch-site": "cross-site" }, 403],
    ["a neighbour", { "sec-fetch-site": "same-site" }, 403],
    ["a form", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", origin: "null" }, 403],
  ];
  for (const [what, headers, status] of cases) {
    t.equal((await send(url, list, post({ host, ...headers }))).status, status, what);
  }
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  t.equal((await send(url, "/traces", { headers: link })).status, 200, "a link opens a page");
  const get = `${list}?connect=v1&encoding=json&message=%7B%7D`;
  t.equal((await send(url, get, { headers: link })).status, 403, "a link calls nothing");
  t.equal(
    (await send(url, list, { method: "OPTIONS", headers: { origin: "http://evil.example" } })).status,
    403,
  );
  for (const path of [list, "/"]) {
    const answer = await send(url, path, post());
    t.notOk(
      Object.keys(answer.headers).some((name) => name.startsWith("access-control")),
      "no CORS",
    );
  }
});

t.test("names are allowed by an option", async (t) => {
  const { url } = await startFixture(t, { allowedHosts: ["dev.example"] });
  t.equal((await send(url, "/", { headers: { host: "dev.example" } })).status, 200);
  t.equal((await send(url, "/", { headers: { host: "other.example" } })).status, 421);
});

t.test("with a token: the link sets a cookie, and nothing goes without", async (t) => {
  const token = "a;b c&d=e";
  const { url, dashboard } = await startFixture(t, { token });
  const link = new URL(dashboard.url);
  t.equal((await send(url, "/")).status, 401);
  t.equal((await send(url, list, post())).status, 401);
  t.equal((await send(url, "/?token=wrong")).status, 401);
  t.equal((await send(url, `${list}${link.search}`, post())).status, 401, "a link is for pages");
  t.equal((await send(url, list, post({ authorization: `Bearer ${token}` }))).status, 200);
  const opened = await send(url, `/traces${link.search}&q=1`);
  t.equal(opened.status, 303);
  t.equal(opened.headers.location, "/traces?q=1", "the token leaves the address bar");
  const [cookie = ""] = opened.headers["set-cookie"] ?? [];
  t.match(cookie, /HttpOnly; SameSite=Lax; Path=\//);
  t.notMatch(cookie, token);
  const headers = { cookie: `other=1; ${cookie.split(";")[0]}` };
  t.equal((await send(url, "/traces", { headers })).status, 200);
  t.equal((await send(url, list, post(headers))).status, 200);
  t.equal((await send(url, list, post({ ...headers, origin: "http://evil.example" }))).status, 403);
});

t.test("startDashboard() listens beyond the loopback with a token only", async (t) => {
  const options = { system: fakeSystem(), registryUrl: "http://127.0.0.1:1", port: 0 };
  for (const host of ["0.0.0.0", "192.0.2.1", "127.evil.example"]) {
    await t.rejects(startDashboard({ ...options, host }), {
      message: new RegExp(`Cannot listen at ${host.replaceAll(".", "\\.")} without a token`),
    });
  }
});

t.test("startDashboard() leaves nothing behind where its port is taken", async (t) => {
  const { url, registryUrl } = await startFixture(t);
  const port = Number(new URL(url).port);
  const assets = import.meta.dirname;
  await t.rejects(startDashboard({ system: fakeSystem(), registryUrl, port, assets }), {
    code: "EADDRINUSE",
  });
});

t.test("files are cached by their names, and nothing outside of the folder is had", async (t) => {
  const { url } = await startFixture(t);
  const index = await send(url, "/");
  t.match(index, { status: 200, headers: { "cache-control": "no-cache" }, body: /<title>pages/ });
  t.match(index.headers["content-security-policy"], /default-src 'none'; script-src 'self'/);
  t.notMatch(index.headers["content-security-policy"], /unsafe|\*/);
  t.match(index.headers, {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
  });
  const { etag = "" } = index.headers;
  t.equal((await send(url, "/", { headers: { "if-none-match": etag } })).status, 304);
  const script = await send(url, "/app-3F2A9B1C.js", { headers: { "accept-encoding": "gzip" } });
  t.match(script.headers, {
    "cache-control": "public, max-age=31536000, immutable",
    "content-encoding": "gzip",
    "content-type": "text/javascript; charset=utf-8",
  });
  t.equal((await send(url, "/icon.svg")).headers["content-type"], "image/svg+xml");
  t.equal((await send(url, "/icon.svg", { method: "HEAD" })).body, "");
  t.equal((await send(url, "/entities/cart/42")).body, index.body, "a place within the pages");
  for (const path of [
    "/../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd",
  ]) {
    t.notMatch((await send(url, path)).body, /root:/, path);
  }
  t.equal((await send(url, "/missing.js")).status, 404);
  t.equal((await send(url, "/%", {})).status, 200, "what cannot be decoded is a place, too");
  t.equal((await send(url, "/", { method: "POST" })).status, 405);
  t.equal((await send(url, "/no.such.Service/Method", post())).status, 404);
});

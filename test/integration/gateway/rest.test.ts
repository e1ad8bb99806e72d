// REST by google.api.http: what http.proto says, by requests as people make them.
import t from "tap";
import { startLibrary, type Library } from "../../support/library.ts";

const library: Library = await startLibrary(t);

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(library.at(path), init);
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return {
    status: response.status,
    body: isJson ? (JSON.parse(text) as unknown) : text,
    headers: response.headers,
  };
}

const json = (method: string, body: unknown): RequestInit => ({
  method,
  body: typeof body === "string" ? body : JSON.stringify(body),
  headers: { "content-type": "application/json" },
});

t.test("a path variable, and additional bindings", async (t) => {
  t.same((await ask("/v1/shelves/crime")).body, { shelfId: "crime", books: 3 });
  t.same((await ask("/v1/themes/night/shelves/crime")).body, { shelfId: "crime", theme: "night", books: 3 });
  t.same((await ask("/v1/shelves/crime?theme=night")).body, { shelfId: "crime", theme: "night", books: 3 });
  t.same(
    (await ask("/v1/shelves/a%2Fb%20c%3A")).body,
    { shelfId: "a/b c:", books: 3 },
    "a single segment is decoded whole",
  );
  t.same(
    (await ask("/v1/shelves/empty")).body,
    { shelfId: "empty" },
    "as ProtoJSON has it, defaults are left out",
  );
});

t.test("a variable of several segments, a nested field, a body of one field, and a verb", async (t) => {
  const name = "shelves/crime/books/7";
  const patched = await ask(
    `/v1/${name}?updateMask=title&validate_only=true`,
    json("PATCH", { title: "Snow", pages: "3" }),
  );
  t.same(patched.body, {
    book: { name, title: "Snow", pages: "3" },
    updateMask: "title",
    validateOnly: true,
  });
  const revised = await ask(
    `/v1/${name}:revise`,
    json("POST", { book: { title: "Ice" }, validateOnly: true }),
  );
  t.same(revised.body, { book: { name, title: "Ice" }, validateOnly: true });
  const encoded = await ask("/v1/shelves/a%2Fb/books/c%20d:revise", json("POST", {}));
  t.same(
    encoded.body,
    { book: { name: "shelves/a%2Fb/books/c d" } },
    "%2F of several segments stays as it is",
  );
  const other = await ask(`/v1/${name}`, json("PATCH", { name: "shelves/other/books/1", title: "x" }));
  t.match(other.body, { book: { name } }, "the path has the last word");
});

t.test("all in the body, and one field of the answer as its body", async (t) => {
  const added = await ask(
    "/v1/shelves/crime/books",
    json("POST", { book: { title: "Snow", genre: "GENRE_CRIME" } }),
  );
  t.same(added.body, { name: "shelves/crime/books/1", title: "Snow", pages: "0", genre: "GENRE_CRIME" });
  t.match((await ask("/v1/shelves/crime/books", { method: "POST" })).body, { name: "shelves/crime/books/1" });
  t.same(
    (await ask("/v1/shelves", { method: "REPORT" })).body,
    ["crime", "poetry"],
    "a custom method, a list",
  );
});

t.test("query parameters of every type", async (t) => {
  const query = [
    "words=a&words=b%20c&genres=GENRE_CRIME&genres=2&filter.author=Ann&filter.origin.country=SE",
    "min_pages=9007199254740993&rating=4.5&lent=true&since=2026-01-02T03:04:05Z&within=1.5s&limit=3",
    "cursor=AAEC_-8&translated=false&room=7&signed=true",
  ].join("&");
  t.same((await ask(`/v1/search?${query}`)).body, {
    request: {
      words: ["a", "b c"],
      genres: ["GENRE_CRIME", "GENRE_POETRY"],
      filter: { author: "Ann", origin: { country: "SE" } },
      minPages: "9007199254740993",
      rating: 4.5,
      lent: true,
      since: "2026-01-02T03:04:05Z",
      within: "1.500s",
      limit: 3,
      cursor: "AAEC/+8=",
      translated: false,
      room: 7,
      signed: true,
    },
  });
  t.same((await ask("/v1/search?minPages=5")).body, { request: { minPages: "5" } }, "JSON names as well");
});

t.test("what does not fit is InvalidArgument, and names the parameter", async (t) => {
  const refused = async (path: string, message: RegExp, init?: RequestInit): Promise<void> => {
    const { status, body } = await ask(path, init);
    t.equal(status, 400, path);
    t.match(body, { code: 3, message });
  };
  await refused("/v1/search?colour=red", /parameter colour.*no such field/);
  await refused("/v1/search?min_pages=many", /min_pages/);
  await refused("/v1/search?lent=maybe", /lent must be true or false/);
  await refused("/v1/search?genres=GENRE_UNKNOWN", /genres/);
  await refused("/v1/search?rating=1&rating=2", /rating: it is given more than once/);
  await refused("/v1/search?like.title=x", /like\.title/);
  await refused("/v1/search?extra=x", /extra/);
  await refused("/v1/search?shelf_id=a&room=1", /oneof|room|shelf/i);
  await refused("/v1/shelves/crime?shelf_id=poetry", /shelf_id is in the path already/);
  await refused("/v1/shelves/crime/books?shelf_id=x", /belongs into the body/, json("POST", {}));
  await refused("/v1/shelves/crime/books", /no JSON/, json("POST", "{"));
  await refused("/v1/shelves/crime/books", /colour/, json("POST", { colour: "red" }));
  await refused("/v1/shelves/%zz", /malformed/);
  const typed = await ask("/v1/shelves/crime/books", {
    method: "POST",
    body: "a=b",
    headers: { "content-type": "text/plain" },
  });
  t.equal(typed.status, 415);
});

t.test("google.api.HttpBody is a body as it is, in both directions", async (t) => {
  const data = new Uint8Array([0, 255, 10]);
  const put = await ask("/v1/files/pictures/cat%20one.png", {
    method: "PUT",
    body: data,
    headers: { "content-type": "image/png" },
  });
  t.same([put.status, put.body], [200, {}]);
  t.match(library.files.get("pictures/cat one.png"), { contentType: "image/png" });
  const got = await fetch(library.at("/v1/files/pictures/cat%20one.png"));
  t.equal(got.headers.get("content-type"), "image/png");
  t.same(new Uint8Array(await got.arrayBuffer()), data);
  t.equal((await ask("/v1/files")).status, 404, "** takes none as well: the file is missing, not the path");
  const head = await fetch(library.at("/v1/shelves/crime"), { method: "HEAD" });
  t.same([head.status, await head.text()], [200, ""]);
});

t.test("errors are google.rpc.Status with the HTTP status of the code", async (t) => {
  const missing = await ask("/v1/shelves/none");
  t.equal(missing.status, 404);
  t.same(missing.body, {
    code: 5,
    message: "no such shelf",
    details: [
      {
        "@type": "type.googleapis.com/samspel.v1.ErrorDetail",
        code: "SAMSPEL_REJECTED",
        metadata: { shelf: "none" },
      },
    ],
  });
  const broken = await ask("/v1/shelves/broken");
  t.same([broken.status, broken.body], [500, { code: 13, message: "internal error", details: [] }]);
});

t.test("what is not public is not there", async (t) => {
  const unknown = await ask("/v1/nothing", json("POST", {}));
  t.same([unknown.status, unknown.body], [404, { code: 12, message: "no such path", details: [] }]);
  const hidden = await ask("/v1/librarians/Ann:fire", json("POST", {}));
  t.same([hidden.status, hidden.body], [404, unknown.body]);
  const closed = await ask("/v1/shelves/crime", { method: "DELETE" });
  t.equal(closed.status, 405, "the path is there for others");
  t.equal(closed.headers.get("allow"), "GET", "and its closed method is not told of");
});

t.test("a stream of answers is lines of JSON", async (t) => {
  const { headers, body } = await ask("/v1/shelves/crime:watch?count=2");
  t.equal(headers.get("content-type"), "application/x-ndjson");
  t.equal(body, '{"result":{"number":1}}\n{"result":{"number":2}}\n');
  const failing = String((await ask("/v1/shelves/crime:watch?count=-1")).body)
    .trimEnd()
    .split("\n");
  t.match(
    failing.map((line) => JSON.parse(line) as unknown),
    [{ result: { number: 1 } }, { error: { code: 9, message: "the shelf fell" } }],
  );
});

t.test("a stream of answers is server-sent events where they are asked for", async (t) => {
  const accept = { headers: { accept: "text/event-stream" } };
  const { headers, body } = await ask("/v1/shelves/crime:watch?count=1", accept);
  t.equal(headers.get("content-type"), "text/event-stream");
  t.equal(body, 'data: {"number":1}\n\nevent: end\ndata: {}\n\n');
  t.match((await ask("/v1/shelves/crime:watch?count=-1", accept)).body, /event: error\ndata: \{"code":9/);
});

t.test("who leaves a stream ends it", async (t) => {
  const before = library.contexts.length;
  const leaving = new AbortController();
  const response = await fetch(library.at("/v1/shelves/crime:watch?count=1"), { signal: leaving.signal });
  await response.text();
  const endless = fetch(library.at("/v1/shelves/crime:watch"), { signal: leaving.signal }).catch(() => {});
  while (library.contexts.length < before + 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const signal = library.contexts.at(-1)?.signal;
  leaving.abort();
  await endless;
  await new Promise<void>((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => resolve());
  });
  t.equal(signal?.aborted, true);
});

t.test("headers of an answer come through, trailers among them", async (t) => {
  const { headers } = await ask("/v1/shelves/crime");
  t.equal(headers.get("x-shelf"), "oak");
  t.equal(headers.get("trailer-x-dust"), "little");
  t.match(headers.get("x-request-id"), /^[\w-]{36}$/);
});

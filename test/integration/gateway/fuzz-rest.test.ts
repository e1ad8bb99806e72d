// REST requests with anything in them: each has an answer, what is wrong is the caller's mistake and never an error of the
// gateway's or its service's, and others are answered as ever.
import { request } from "node:http";
import { json, text } from "node:stream/consumers";
import * as fc from "fast-check";
import t from "tap";
import { startLibrary } from "../../support/library.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { edited, edits, runs } from "../calls/fuzz.ts";

const { logger, lines } = recordingLogger();
const library = await startLibrary(t, { gateway: { logger } });

/** What stands for a variable of a path: also what is encoded, badly encoded, or means something to paths. */
const segment = fc.oneof(
  fc.constantFrom(
    "crime",
    "..",
    ".",
    "%2F",
    "%2f..%2F",
    "%",
    "%zz",
    "%FF",
    "%00",
    ":",
    "a:b",
    "",
    "*",
    "__proto__",
  ),
  fc.string({ maxLength: 8 }).map(encodeURIComponent),
);
const path = fc.oneof(
  fc.tuple(segment, segment).map(([theme, shelf]) => `/v1/themes/${theme}/shelves/${shelf}`),
  segment.map((shelf) => `/v1/shelves/${shelf}`),
  segment.map((shelf) => `/v1/shelves/${shelf}/books`),
  fc.tuple(segment, segment).map(([shelf, book]) => `/v1/shelves/${shelf}/books/${book}`),
  fc.tuple(segment, segment).map(([shelf, book]) => `/v1/shelves/${shelf}/books/${book}:revise`),
  fc.array(segment, { maxLength: 4 }).map((all) => `/v1/files/${all.join("/")}`),
  fc.constantFrom("/v1/search", "/v1/search", "/v1/search", "/v1/shelves", "/", "//", "/v1"),
);
const name = fc.oneof(
  fc.constantFrom(
    "shelf_id",
    "shelfId",
    "book.name",
    "book.pages",
    "book.genre",
    "update_mask",
    "book.name.more",
    "words",
    "genres",
    "filter",
    "filter.author",
    "filter.origin.country",
    "min_pages",
    "rating",
    "lent",
    "since",
    "within",
    "limit",
    "cursor",
    "room",
    "like.title",
    "extra",
    "extra.x",
    "signed",
    "__proto__",
    "constructor",
    "a.b.c",
  ),
  fc.string({ maxLength: 6 }).map(encodeURIComponent),
);
const value = fc.oneof(
  fc.constantFrom(
    "1",
    "-1",
    "1e400",
    "NaN",
    "true",
    "GENRE_CRIME",
    "99",
    "2020-01-01T00:00:00Z",
    "1s",
    "%",
    "",
  ),
  fc.string({ maxLength: 8 }).map(encodeURIComponent),
);
const query = fc
  .array(fc.tuple(name, value), { maxLength: 4 })
  .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([key, value]) => `${key}=${value}`).join("&")}`));
const book = fc.record({
  name: fc.oneof(fc.string(), fc.jsonValue()),
  title: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
  pages: fc.oneof(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String), fc.jsonValue()),
  genre: fc.oneof(fc.constantFrom("GENRE_CRIME", "GENRE_NONE", 1, 99), fc.jsonValue()),
});
const body = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc
    .oneof(
      book,
      book.map((book) => ({ book })),
      fc.jsonValue(),
    )
    .map((value) => Buffer.from(JSON.stringify(value))),
  fc.tuple(fc.json(), edits).map(([good, all]) => edited(Buffer.from(good), all)),
  fc.integer({ min: 1, max: 20_000 }).map((depth) => Buffer.from("[".repeat(depth))),
);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

function ask(method: string, at: string, sent: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": sent.length };
    const { port } = library.gateway;
    const asking = request({ host: "127.0.0.1", port, method, path: at, headers, agent: false }, (answer) => {
      const type = answer.headers["content-type"] ?? "";
      // A file is what was put there, whatever its type says.
      const isJson = type === "application/json" && !at.startsWith("/v1/files");
      (isJson ? json(answer) : text(answer)).then(
        (body) => resolve({ status: answer.statusCode ?? 0, type, body }),
        reject,
      );
    });
    asking.on("error", reject).end(sent);
  });
}

t.test("a REST request, whatever is in it, has an answer, and what is wrong is its caller's", async (t) => {
  const method = fc.constantFrom("GET", "GET", "POST", "PATCH", "PUT", "DELETE", "REPORT", "OPTIONS");
  let number = 0;
  await fc.assert(
    fc.asyncProperty(method, path, query, body, async (method, path, query, body) => {
      const answer = await ask(method, path + query, method === "GET" ? Buffer.alloc(0) : body);
      if (answer.status >= 500 && answer.status !== 501)
        throw new Error(`an error of ours: ${JSON.stringify(answer)}`);
      if (++number % 20 > 0) return;
      const other = await ask("GET", "/v1/shelves/crime", Buffer.alloc(0));
      if (other.status !== 200) throw new Error(`others are answered with ${JSON.stringify(other)}`);
    }),
    { numRuns: 2 * runs },
  );
  t.same(
    lines.filter(({ level }) => level === "warn" || level === "error"),
    [],
  );
});

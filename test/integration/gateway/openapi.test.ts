// The description of an API: that it is OpenAPI 3.1, and that a client made from it can call.
import { Validator } from "@seriousme/openapi-schema-validator";
import { OpenAPIClientAxios, type Document } from "openapi-client-axios";
import t from "tap";
import { startLibrary } from "../../support/library.ts";

const library = await startLibrary(t);

async function documentAt(path: string): Promise<Document> {
  const response = await fetch(library.at(path));
  t.equal(response.status, 200);
  return (await response.json()) as Document;
}

t.test("/openapi.json is valid OpenAPI 3.1", async (t) => {
  const document = await documentAt("/openapi.json");
  const { valid, errors } = await new Validator().validate({ ...document });
  t.ok(valid, JSON.stringify(errors));
  t.match(document, { openapi: "3.1.0", servers: [{ url: library.gateway.url }] });
  t.ok("/v1/shelves/{shelf_id}" in (document.paths ?? {}));
  t.ok("/v1/shelves/{book_name}/books/{book_name_2}:revise" in (document.paths ?? {}));
  t.notMatch(JSON.stringify(document), /Burn|Librarian|Fire/, "nothing of what is private");
});

t.test("one service has a page of its own; what is private has none", async (t) => {
  const { valid } = await new Validator().validate(
    (await documentAt("/openapi/samspel.test.v1.LibraryService.json")) as Record<string, unknown>,
  );
  t.ok(valid);
  t.equal((await fetch(library.at("/openapi/samspel.test.v1.LibrarianService.json"))).status, 404);
});

t.test("a client that is made from it calls", async (t) => {
  const api = new OpenAPIClientAxios({ definition: await documentAt("/openapi.json") });
  const client = await api.init<Record<string, never>>();
  const call = async (operation: string, parameters: object | null, body?: unknown): Promise<unknown> => {
    const method: unknown = client[operation];
    if (typeof method !== "function") throw new Error(`The client has no ${operation}`);
    const answer: unknown = await Reflect.apply(method, client, [parameters, body]);
    return typeof answer === "object" && answer !== null && "data" in answer ? answer.data : undefined;
  };
  t.same(await call("LibraryService_GetShelf", { shelf_id: "crime" }), { shelfId: "crime", books: 3 });
  t.match(await call("LibraryService_AddBook", { shelf_id: "crime" }, { book: { title: "Snow" } }), {
    name: "shelves/crime/books/1",
    title: "Snow",
  });
  t.match(
    await call(
      "LibraryService_UpdateBook",
      { book_name: "crime", book_name_2: "7", validateOnly: true },
      { title: "Ice" },
    ),
    { book: { name: "shelves/crime/books/7", title: "Ice" }, validateOnly: true },
  );
  t.same(await call("LibraryService_Search", { words: "a", minPages: "3", "filter.author": "Ann" }), {
    request: { words: ["a"], minPages: "3", filter: { author: "Ann" } },
  });
  t.match(
    await call("LibraryService_CountBooks", null, { shelfId: "crime" }),
    { books: 7 },
    "by Connect, as JSON",
  );
});

import t from "tap";
import { parsePathTemplate } from "./path-template.ts";
import { createRouteTree } from "./route-tree.ts";

t.test("parsePathTemplate() reads what http.proto's grammar has", async (t) => {
  t.same(parsePathTemplate("/v1/messages/{message_id}"), {
    segments: [{ type: "literal", text: "v1" }, { type: "literal", text: "messages" }, { type: "one" }],
    variables: [{ fieldPath: ["message_id"], from: 2, to: 3 }],
    verb: undefined,
  });
  t.match(parsePathTemplate("/v1/{a.b=x/*/y/**}:go%20on"), {
    segments: [{ text: "v1" }, { text: "x" }, { type: "one" }, { text: "y" }, { type: "rest" }],
    variables: [{ fieldPath: ["a", "b"], from: 1, to: 5 }],
    verb: "go on",
  });
  t.match(parsePathTemplate("/*/{b=*}"), { variables: [{ from: 1, to: 2 }] });
});

t.test("parsePathTemplate() refuses what it has not, and says where", async (t) => {
  for (const [text, message] of [
    ["v1", /\/ is missing at character 1/],
    ["/v1/", /a literal, \*, \*\* or \{ is missing at character 5/],
    ["/v1/{a", /\} is missing at character 7/],
    ["/v1/{a={b}}", /is missing at character 8/],
    ["/v1/{1}", /the name of a field is missing/],
    ["/v1/a b", /the end is missing at character 6/],
    ["/v1/**/b", /\*\* must be its last segment/],
    ["/v1/a:", /a verb is missing/],
  ] as const) {
    t.throws(() => parsePathTemplate(text), { name: "SyntaxError", message }, text);
  }
});

function tree(...templates: readonly string[]) {
  const routes = createRouteTree<string>();
  for (const template of templates) routes.add("GET", parsePathTemplate(template), template);
  return (path: string, method = "GET") => {
    const found = routes.find(method, path);
    return found.type === "found" ? [found.route, ...found.values.map(([, value]) => value)] : found.type;
  };
}

t.test("find() takes literals before *, * before **, and verbs before none", async (t) => {
  const find = tree("/v1/{a}", "/v1/fixed", "/v1/{a}/b", "/v1/{a=**}", "/v1/{a}:go", "/v1/{a=x/*}:go");
  t.same(find("/v1/fixed"), ["/v1/fixed"]);
  t.same(find("/v1/other"), ["/v1/{a}", "other"]);
  t.same(find("/v1/fixed/b"), ["/v1/{a}/b", "fixed"], "it goes back where a literal leads nowhere");
  t.same(find("/v1/fixed/c"), ["/v1/{a=**}", "fixed/c"]);
  t.same(find("/v1"), ["/v1/{a=**}", ""], "** takes none as well");
  t.same(find("/v1/x:go"), ["/v1/{a}:go", "x"]);
  t.same(find("/v1/x/7:go"), ["/v1/{a=x/*}:go", "x/7"]);
  t.same(find("/v1/x:stay"), ["/v1/{a}", "x:stay"], "a colon is no verb that nobody has");
  t.same(find("/v1/a%2Fb"), ["/v1/{a}", "a/b"]);
  t.same(find("/v1/a%2Fb/c%20d"), ["/v1/{a=**}", "a%2Fb/c d"]);
  t.equal(find("/v2/x"), "missing");
  t.equal(find("/v1/x", "POST"), "other-methods");
  t.equal(find("/v1/%E0%A4%A"), "malformed");
});

t.test("add() refuses a route that is taken", async (t) => {
  const routes = createRouteTree<number>();
  routes.add("GET", parsePathTemplate("/v1/{a}"), 1);
  t.throws(() => routes.add("GET", parsePathTemplate("/v1/{b}"), 2), /another method has the same path/);
  routes.add("POST", parsePathTemplate("/v1/{b}"), 2);
});

import t from "tap";
import { withService } from "./samspel-json.ts";

const entry = { command: ["node", "b/main.ts"] };

t.test("withService() adds a service, and leaves all else as it is written", async (t) => {
  const text = `{
  "name": "shop",
  "services": {
    "a": { "command": ["node", "a/} \\" {.ts"] }
  },
  "try": ["curl {a.url}"]
}
`;
  const changed = withService("samspel.json", text, "b", entry);
  t.equal(changed, text.replace('.ts"] }\n', '.ts"] },\n    "b": { "command": ["node", "b/main.ts"] }\n'));
  t.same(Object.keys(JSON.parse(changed).services), ["a", "b"]);
  const empty = withService("samspel.json", '{ "services": {} }', "b", entry);
  t.same(JSON.parse(empty), { services: { b: entry } });
});

t.test("withService() writes a long entry over several lines", async (t) => {
  const long = {
    cwd: "b",
    build: ["go", "build", "-o", ".build/b", "."],
    command: [".build/b", "--with", "options"],
  };
  const changed = withService("samspel.json", '{ "services": {} }', "b", long);
  t.match(changed, /^ {6}"build": \["go", "build", "-o", "\.build\/b", "\."\],$/m);
  t.same(JSON.parse(changed).services.b, long);
});

t.test("withService() refuses a name that is taken, and what is no project", async (t) => {
  t.throws(() => withService("f", '{ "services": { "b": {} } }', "b", entry), /^f has a service b already$/);
  t.throws(() => withService("f", "{}", "b", entry), /has no "services"/);
  t.throws(() => withService("f", "export default {}", "b", entry), /^f is not JSON: /);
});

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import t from "tap";
import { ConfigError } from "./config-error.ts";
import { loadProject } from "./load-project.ts";
import { fillPlaceholders } from "./placeholders.ts";
import { projectSchema } from "./schema.ts";

const folder = await mkdtemp(join(tmpdir(), "samspel-config-"));
t.teardown(() => rm(folder, { recursive: true }));

async function load(content: unknown) {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  await writeFile(join(folder, "samspel.json"), text);
  return loadProject(folder);
}

async function complaint(content: unknown): Promise<string> {
  const error = await load(content).then(
    () => t.fail("it was accepted"),
    (error: unknown) => error,
  );
  if (!(error instanceof ConfigError)) throw error;
  return error.message.replaceAll(folder, "DIR");
}

const cart = { command: ["node", "cart.ts"] };

t.test("loadProject() gives absolute paths and leaves defaults out", async (t) => {
  const project = await load({
    name: "shop",
    services: { cart: { ...cart, port: 8080 } },
    try: ["curl {cart.url}/x"],
  });
  t.strictSame(project, {
    name: "shop",
    dir: folder,
    file: join(folder, "samspel.json"),
    extended: [],
    services: [
      {
        name: "cart",
        command: ["node", "cart.ts"],
        cwd: folder,
        env: {},
        port: 8080,
      },
    ],
    unmanaged: [],
    protos: [],
    gateway: { enabled: true, port: undefined },
    dashboard: { enabled: true, port: undefined },
    tryCommands: ["curl {cart.url}/x"],
  });
});

t.test("loadProject() takes a file of another name, and what builds a service", async (t) => {
  const file = join(folder, "all.json");
  await writeFile(file, JSON.stringify({ name: "all", services: { cart: { ...cart, build: ["make"] } } }));
  const project = await loadProject(file);
  t.equal(project.dir, folder);
  t.equal(project.file, file);
  t.strictSame(project.services[0]?.build, ["make"]);
});

t.test("loadProject() names file, path, value and what is allowed when something is wrong", async (t) => {
  const cases: readonly (readonly [unknown, string])[] = [
    [
      { name: "shop", servces: { cart } },
      'unknown key servces; did you mean "services"? Allowed here: name, services, extends, protos, gateway, dashboard, try',
    ],
    [
      { name: "shop", services: { cart: { comand: ["node"] } } },
      'unknown key services.cart.comand; did you mean "command"? Allowed here: command, build, cwd, port, env, python, watch, protos, handover, unmanaged',
    ],
    [{ name: "shop", services: { cart: {} } }, "services.cart.command is missing"],
    [
      { name: "shop", services: { cart: { command: "node x" } } },
      'services.cart.command must be an array, but is "node x"',
    ],
    [
      { name: "shop", services: { cart: { command: ["node", 7] } } },
      "services.cart.command[1] must be a string, but is 7",
    ],
    [
      { name: "shop", services: { cart: { ...cart, port: 70000 } } },
      "services.cart.port: the value must be 1 to 65535, but is 70000",
    ],
    [
      { name: "shop", services: { my_cart: cart } },
      'services.my_cart: the name must be a DNS label: a-z, 0-9 and -, beginning with a letter, at most 63 long, but is "my_cart"',
    ],
    [{ name: "shop", services: {} }, "services: the value must be at least one service, but is {}"],
    [
      { name: "shop", services: { cart: { ...cart, python: { requirements: "no.txt" } } } },
      "services.cart.python.requirements: there is no file DIR/no.txt",
    ],
    [
      { name: "shop", services: { cart: { ...cart, cwd: "no" } } },
      "services.cart.cwd: there is no folder DIR/no",
    ],
    [
      { name: "shop", services: { a: { ...cart, port: 8080 }, b: { ...cart, port: 8080 } } },
      "services.b.port: 8080 is a's already",
    ],
    [
      { name: "shop", services: { cart }, try: ["curl {carts.url}"] },
      'try[0]: {carts.url} names nothing; did you mean "cart"? Allowed here: cart',
    ],
    [
      { name: "shop", services: { cart }, try: ["curl {cart.addr}"] },
      "try[0]: {cart.addr} names nothing. Allowed here: url, host, port",
    ],
  ];
  for (const [content, expected] of cases) t.equal(await complaint(content), `DIR/samspel.json: ${expected}`);
});

t.test("loadProject() takes samspel.config.ts, and refuses a folder with both kinds", async (t) => {
  const dir = join(folder, "config");
  await mkdir(dir);
  await writeFile(
    join(dir, "samspel.config.ts"),
    `const name: string = "shop";\nexport default { name, services: { cart: { command: ["node", name] } } };`,
  );
  const project = await loadProject(dir);
  t.match(project, { name: "shop", dir, services: [{ name: "cart", command: ["node", "shop"] }] });
  await writeFile(join(dir, "samspel.json"), "{}");
  await t.rejects(loadProject(dir), { message: /there is .*samspel\.json beside it: keep one of them/ });
  await writeFile(join(dir, "named.ts"), "export const name = 1;");
  await t.rejects(loadProject(join(dir, "named.ts")), { message: /has no default export/ });
});

t.test("loadProject() adds what another project has, unless it says otherwise", async (t) => {
  const base = join(folder, "base");
  await mkdir(join(base, "lib"), { recursive: true });
  const services = { cart: { ...cart, cwd: "lib" }, stock: { ...cart, env: { FROM: "base" } } };
  await writeFile(
    join(base, "samspel.json"),
    JSON.stringify({ name: "base", services, try: ["curl {stock.url}"] }),
  );
  const own = {
    stock: { ...cart, env: { FROM: "own" } },
    mail: { unmanaged: { address: "localhost", port: 25 } },
  };
  const project = await load({ name: "shop", services: own, extends: "base" });
  t.equal(project.name, "shop");
  t.strictSame(project.extended, [join(base, "samspel.json")]);
  t.match(project.services, [
    { name: "cart", cwd: join(base, "lib") },
    { name: "stock", cwd: folder, env: { FROM: "own" } },
  ]);
  t.strictSame(project.unmanaged, [{ name: "mail", place: { address: "localhost", port: 25 } }]);
  t.strictSame(project.tryCommands, ["curl {stock.url}"]);
  await writeFile(join(base, "samspel.json"), JSON.stringify({ name: "base", services, extends: ".." }));
  t.match(await complaint({ name: "shop", services: own, extends: "base" }), /extends itself/);
});

t.test("loadProject() finds proto files and their generator where they usually are", async (t) => {
  t.strictSame((await load({ name: "shop", services: { cart } })).protos, []);
  await mkdir(join(folder, "proto"));
  await writeFile(join(folder, "buf.gen.yaml"), "version: v2");
  const usual = { cwd: folder, generate: ["buf", "generate"], lint: true, against: undefined };
  t.strictSame((await load({ name: "shop", services: { cart } })).protos, [
    { folders: [join(folder, "proto")], ...usual },
  ]);
  const protos = { folders: ["proto"], generate: ["make"], lint: false, against: false };
  t.match((await load({ name: "shop", services: { cart }, protos })).protos, [
    { generate: ["make"], lint: false, against: false },
  ]);
  t.match(
    await complaint({ name: "shop", services: { cart }, protos: { ...protos, folders: ["no"] } }),
    /protos\.folders\[0\]: there is no folder/,
  );
  t.match(
    await complaint({ name: "shop", services: { cart: { ...cart, unmanaged: true } } }),
    /keep one of them/,
  );
});

t.test("loadProject() lists all mistakes at once", async (t) => {
  const message = await complaint({ name: "Shop", services: { cart: { ...cart, prot: 1 } } });
  t.equal(message.split("\n").length, 3);
});

t.test("loadProject() says what is not JSON", async (t) => {
  t.match(await complaint('{\n  "name": shop }'), /is not JSON: Unexpected token 's'/);
});

t.test("fillPlaceholders() fills in the place and the random part, and leaves JSON alone", (t) => {
  const places = [{ name: "cart", host: "127.0.0.1", port: 8080 }];
  t.equal(
    fillPlaceholders(
      `curl {cart.url}/x-{random} -d '{"sku": "a"}' # {cart.host} {cart.port}`,
      places,
      "3f9a",
    ),
    `curl http://127.0.0.1:8080/x-3f9a -d '{"sku": "a"}' # 127.0.0.1 8080`,
  );
  t.end();
});

t.test("samspel.schema.json is what the checks are", async (t) => {
  const file = new URL("../../samspel.schema.json", import.meta.url);
  t.strictSame(JSON.parse(await readFile(file, "utf8")), {
    title: "samspel.json",
    ...toJsonSchema(projectSchema),
  });
});

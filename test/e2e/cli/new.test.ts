// `samspel new`: what it makes is what one would have written, and it runs.
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { loadProject } from "../../../devkit/src/config/index.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { jsonLines, root, samspel, samspelHere, withoutTap } from "./run-cli.ts";

/** Outside of the repository, so that nothing of it is found by chance. */
async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "samspel-new-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program in a folder; @throws where it fails. */
async function run(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` };
  const { stdout, stderr } = await promisify(execFile)("env", [...withoutTap, command, ...args], {
    cwd,
    env,
  });
  return stdout + stderr;
}

t.test("samspel new refuses names, and makes nothing where something is", async (t) => {
  const folder = await folderOf(t);
  t.match(await samspelHere(["new", join(folder, "Shop")], {}), {
    code: 2,
    err: /must be a DNS label.*"Shop"/,
  });
  t.match(await samspelHere(["new", join(folder, "class")], {}), {
    code: 2,
    err: /must be no word of a language/,
  });
  const full = join(folder, "full");
  await mkdir(full);
  await writeFile(join(full, "package.json"), "mine");
  t.match(await samspelHere(["new", full], {}), {
    code: 2,
    err: /^Nothing is made in .*full, as it has package\.json already/,
  });
  t.equal(await readFile(join(full, "package.json"), "utf8"), "mine");
  const dry = await samspelHere(["new", join(folder, "shop"), "--dry-run", "--json"], {});
  t.match(jsonLines(dry), [{ made: false, folder: join(folder, "shop") }]);
  t.match(dry.out, /"orders\/order.ts".*"samspel.json".*"vendor\/proto\/samspel\/v1\/options.proto"/);
  await t.rejects(readFile(join(folder, "shop/samspel.json")));
});

t.test("a new project is tested and runs, and so does a service that is added", async (t) => {
  const folder = await folderOf(t);
  // Ports follow from the name.
  const name = `shop-${randomBytes(3).toString("hex")}`;
  const shop = join(folder, name);
  const made = await samspel(["new", name], { cwd: folder });
  t.match(made, { code: 0, out: /Next:\n {2}cd shop-\w+\n {2}npm test\n {2}npm start\n$/ }, made.err);
  const bin = join(shop, "node_modules/.bin/samspel");
  // By the packages that were installed into it, which know nothing of the repository.
  const service = await run(shop, bin, "new", "service", "gift-cards");
  t.match(service, /proto\/gift_cards\/v1\/gift_cards\.proto/);
  t.match(await run(shop, "npm", "test"), /pass 5\n/);
  t.match(await samspelHere(["new", "service", "gift-cards", "--project", shop], {}), {
    code: 2,
    err: /samspel\.json has a service gift-cards already\n$/,
  });

  const dev = spawn(
    "env",
    [...withoutTap, process.execPath, bin, "dev", "--json", "--no-gateway", "--no-dashboard"],
    {
      cwd: shop,
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl(),
        NATS_URL: natsUrl(),
        SAMSPEL_SCHEMA: testSchema(t),
        SAMSPEL_TOPIC_PREFIX: testTopicPrefix(t),
      },
    },
  );
  const ended = new Promise((resolve) => dev.once("close", resolve));
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: dev.stdout })) {
      lines.push(line);
      if (line.includes('"ready"') && line.includes('"services"')) break;
    }
    dev.stdout.resume();
    const options = { cwd: shop };
    const placed = await samspel(
      ["call", "OrderService/PlaceOrder", '{"orderId":"1","item":"tea","quantity":2}'],
      options,
    );
    t.match(placed, { code: 0, out: "{}\n" }, placed.err + lines.slice(-5).join("\n"));
    const listed = await samspel(["call", "OpenOrdersService/ListOpenOrders"], options);
    t.equal(listed.out, '{"orders":[{"orderId":"1","item":"tea","quantity":2}]}\n');
    const hello = await samspel(["call", "GiftCardsService/Hello", '{"name":"world"}'], options);
    t.equal(hello.out, '{"text":"Hello, world!"}\n');
  } finally {
    dev.kill("SIGTERM");
    await ended;
  }
});

t.test(
  "samspel new service makes files of each language, and adds the service to samspel.json",
  async (t) => {
    const folder = await folderOf(t);
    const shop = join(folder, "shop");
    const files = ["--no-install", "--json"];
    // Whatever the packages are: nothing of them is looked at.
    await run(folder, "mkdir", "packages");
    for (const name of ["samspel", "samspel-runtime", "samspel-registry"])
      await writeFile(join(folder, "packages", `${name}-0.0.0.tgz`), "");
    t.match(await samspelHere(["new", shop, "--packages", join(folder, "packages"), ...files], {}), {
      code: 0,
    });
    for (const [lang, main] of [
      ["ts", "main.ts"],
      ["go", "main.go"],
      ["python", "src/s_python/__main__.py"],
      ["java", "src/main/java/s_java/Main.java"],
      ["rust", "src/main.rs"],
    ] as const) {
      const made = await samspelHere(
        ["new", "service", `s-${lang}`, "--lang", lang, "--project", shop, ...files],
        {},
      );
      t.equal(made.code, 0, made.err);
      const text = await readFile(join(shop, `s-${lang}`, main), "utf8");
      t.notMatch(text, "{{", "nothing stands open");
      t.match(jsonLines(made), [{ made: true, files: new RegExp(`proto/s_${lang}/v1/s_${lang}.proto`) }]);
    }
    const { services } = await loadProject(shop);
    t.same(
      services.map(({ name }) => name),
      ["orders", "s-ts", "s-go", "s-python", "s-java", "s-rust"],
    );
    t.match(
      await readFile(join(shop, "samspel.json"), "utf8"),
      /^ {4}"s-ts": \{ "command": \["node", "s-ts\/main.ts"\] \},$/m,
    );
  },
);

t.test("a service in Go is generated, built and tested", async (t) => {
  const folder = await folderOf(t);
  const shop = join(folder, "shop");
  await run(folder, "mkdir", "packages");
  for (const name of ["samspel", "samspel-runtime", "samspel-registry"])
    await writeFile(join(folder, "packages", `${name}-0.0.0.tgz`), "");
  const packages = ["--packages", join(folder, "packages"), "--no-install"];
  t.equal((await samspelHere(["new", shop, ...packages], {})).code, 0);
  t.equal(
    (await samspelHere(["new", "service", "mail", "--lang", "go", "--project", shop, "--no-install"], {}))
      .code,
    0,
  );
  process.env["PATH"] = `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`;
  await run(join(shop, "mail"), "sh", "generate.sh");
  t.equal(await run(join(shop, "mail"), "gofmt", "-l", "."), "");
  t.match(await run(join(shop, "mail"), "go", "test", "./..."), /^ok\s+shop\/mail\b/m);
});

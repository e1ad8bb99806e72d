// `samspel new`: what it makes, and what it refuses. That it runs is seen in the tour, `test/e2e/tour`.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { loadProject } from "../../../devkit/src/config/index.ts";
import { jsonLines, root, samspelHere, withoutTap } from "./run-cli.ts";

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

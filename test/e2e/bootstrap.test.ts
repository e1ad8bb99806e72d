// The step before `npm start` and `npm test`, on a clone of its own with an npm that only plays.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";

const script = join(import.meta.dirname, "../../scripts/bootstrap.mjs");

const lock = (packages: object): string =>
  JSON.stringify({ packages: { "": { name: "clone" }, ...packages } });
const wanted = {
  "node_modules/pino": { version: "10.4.0" },
  "node_modules/@x/other-platform": { version: "1.0.0", optional: true },
  "node_modules/samspel": { resolved: "devkit", link: true },
};

interface Clone {
  readonly root: string;
  /** `heard` is told all that was said so far, each time there is more. */
  readonly run: (
    heard?: (said: string) => void,
  ) => Promise<{ readonly code: number | null; readonly said: string }>;
}

/** A clone, and what `npm` does in it; none when undefined. */
function clone(t: Test, npm: string | undefined): Clone {
  const root = t.testdir({ scripts: {}, bin: {}, "package-lock.json": lock(wanted) });
  copyFileSync(script, join(root, "scripts/bootstrap.mjs"));
  symlinkSync(process.execPath, join(root, "bin/node"));
  if (npm !== undefined) {
    writeFileSync(join(root, "bin/npm"), `#!/bin/sh\n/bin/echo "$@" > npm-ran\n${npm}\n`);
    chmodSync(join(root, "bin/npm"), 0o755);
  }
  return {
    root,
    async run(heard) {
      const child = spawn(join(root, "bin/node"), ["scripts/bootstrap.mjs"], {
        cwd: root,
        env: { PATH: join(root, "bin") },
        stdio: ["ignore", "ignore", "pipe"],
      });
      const code = new Promise<number | null>((resolve) => child.once("close", resolve));
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (more: string) => {
        said += more;
        heard?.(said);
      });
      return { code: await code, said };
    },
  };
}

function install(root: string, packages: object): void {
  mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(root, "node_modules/.bin/node"), "");
  writeFileSync(join(root, "node_modules/.package-lock.json"), lock(packages));
}

t.test("bootstrap runs npm ci when packages are missing", async (t) => {
  const { root, run } = clone(
    t,
    `/bin/mkdir -p node_modules/.bin; : > node_modules/.bin/node
     echo '${lock({ "node_modules/pino": { version: "10.4.0" } })}' > node_modules/.package-lock.json`,
  );
  const { code, said } = await run();
  t.equal(code, 0);
  t.match(said, /Installing the npm packages, as they are missing[\s\S]*Installed in/);
  t.ok(existsSync(join(root, "npm-ran")));
});

t.test("bootstrap is silent and runs nothing when all is there, but for other platforms", async (t) => {
  const { root, run } = clone(t, "exit 1");
  install(root, { "node_modules/pino": { version: "10.4.0" } });
  t.strictSame(await run(), { code: 0, said: "" });
  t.notOk(existsSync(join(root, "npm-ran")));
});

t.test("bootstrap names the package when package-lock.json has moved on", async (t) => {
  const { root, run } = clone(t, "exit 0");
  install(root, { "node_modules/pino": { version: "10.3.0" } });
  const { code, said } = await run();
  t.equal(code, 1);
  t.match(said, /as pino is not the version that package-lock.json names/);
  t.match(said, /npm ci ended well, but pino/);
});

t.test("bootstrap says what to do when npm cannot reach its registry", async (t) => {
  const { code, said } = await clone(t, `echo "npm error code ENOTFOUND" >&2; exit 1`).run();
  t.equal(code, 1);
  t.match(said, /Cannot install the npm packages: npm could not reach its registry: check the network/);
});

t.test("bootstrap says what to do when there is no npm", async (t) => {
  const { code, said } = await clone(t, undefined).run();
  t.equal(code, 1);
  t.match(said, /npm was not found: it comes with Node/);
});

t.test("bootstrap installs once when two run at the same time (two npm ci ruin each other)", async (t) => {
  const { root, run } = clone(
    t,
    `echo ran >> ran; /bin/sleep 0.5; /bin/mkdir -p node_modules/.bin; : > node_modules/.bin/node
     echo '${lock({ "node_modules/pino": { version: "10.4.0" } })}' > node_modules/.package-lock.json`,
  );
  const runs = await Promise.all([run(), run()]);
  t.strictSame(
    runs.map(({ code }) => code),
    [0, 0],
  );
  t.equal(readFileSync(join(root, "ran"), "utf8"), "ran\n");
  t.ok(runs.some(({ said }) => /^Process \d+ installs the npm packages: waiting for it/m.test(said)));
  t.notOk(existsSync(join(root, ".installing")));
});

t.test("bootstrap waits for an npm ci whose bootstrap was killed, and then installs itself", async (t) => {
  const { root, run } = clone(
    t,
    `/bin/mkdir -p node_modules/.bin; : > node_modules/.bin/node
     echo '${lock({ "node_modules/pino": { version: "10.4.0" } })}' > node_modules/.package-lock.json`,
  );
  const orphan = spawn("sleep", ["60"]);
  t.teardown(() => orphan.kill());
  const dead = spawnSync("true").pid;
  writeFileSync(join(root, ".installing"), JSON.stringify([dead, orphan.pid]));
  const running = run((said) => {
    if (said.includes(`Process ${orphan.pid} installs`)) orphan.kill();
  });
  const { code, said } = await running;
  t.equal(code, 0);
  t.match(said, /waiting for it[\s\S]*Installed in/);
});

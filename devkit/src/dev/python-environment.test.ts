import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { silentReporter } from "../infra/index.ts";
import { superviseProcesses } from "../process/index.ts";
import { DevError } from "./dev-error.ts";
import { preparePython, type PythonEnvironment } from "./python-environment.ts";

/** Does nothing, or ends the script. */
const code = (works: boolean): string => (works ? ":" : "exit 1");

/**
 * A machine whose `python3` can do what `able` says. It writes its calls to a file; a virtual environment of it has
 * a copy of it as its interpreter.
 */
async function machine(
  t: Test,
  able: { readonly venv: boolean; readonly pip: boolean; readonly install: boolean },
) {
  const dir = await mkdtemp(join(tmpdir(), "samspel-python-"));
  const supervisor = superviseProcesses();
  t.teardown(async () => {
    await supervisor.stop();
    await rm(dir, { recursive: true });
  });
  const calls = join(dir, "calls");
  await writeFile(
    join(dir, "python3"),
    `#!/bin/sh
PATH=/usr/bin:/bin
echo "$@" >> ${calls}
case "$1 $2 $3" in
  "-m venv "*) ${code(able.venv)}; mkdir -p "$4/bin"; cp ${join(dir, "python3")} "$4/bin/python" ;;
  "-m pip --version") ${code(able.pip)} ;;
  "-m pip install") echo "No matching distribution"; ${code(able.install)}; if [ "$7" = --target ]; then mkdir "$8"; fi ;;
  "-c import"*) echo /usr/bin/python3 ;;
esac
exit 0
`,
  );
  await chmod(join(dir, "python3"), 0o755);
  const requirements = join(dir, "requirements.txt");
  await writeFile(requirements, "grpcio==1.0\n");
  return {
    dir,
    requirements,
    calls: async () => (await readFile(calls, "utf8")).trim().split("\n"),
    prepare: (): Promise<PythonEnvironment> =>
      preparePython({
        requirements,
        dir: join(dir, "python"),
        reporter: silentReporter,
        supervisor,
        env: { PATH: dir },
      }),
  };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof DevError) return error.message;
  throw new Error("It was not refused", { cause: error });
}

t.test("preparePython() makes an environment once for each content of the file", async (t) => {
  const { prepare, calls, requirements } = await machine(t, { venv: true, pip: true, install: true });
  const first = await prepare();
  t.equal(first.interpreter, join(first.binDir ?? "", "python"));
  t.equal((await calls()).length, 2);
  t.strictSame(await prepare(), first);
  t.equal((await calls()).length, 2);
  await writeFile(requirements, "grpcio==2.0\n");
  t.not((await prepare()).interpreter, first.interpreter);
});

t.test("preparePython() makes it anew when its interpreter is gone", async (t) => {
  const { prepare } = await machine(t, { venv: true, pip: true, install: true });
  const { interpreter } = await prepare();
  await rm(interpreter);
  t.not((await prepare()).interpreter, interpreter);
});

t.test("preparePython() installs into a folder where there is neither venv nor virtualenv", async (t) => {
  const { prepare } = await machine(t, { venv: false, pip: true, install: true });
  const made = await prepare();
  t.equal(made.binDir, undefined);
  t.equal(made.interpreter, "/usr/bin/python3");
  t.ok(made.packagesDir);
});

t.test("preparePython() lists each way when there is none", async (t) => {
  const { prepare, requirements } = await machine(t, { venv: false, pip: false, install: false });
  const message = await refusal(prepare());
  t.match(message, `Cannot install ${requirements}: Python 3 with one of venv, virtualenv or pip is needed`);
  for (const way of ["python3 -m venv", "virtualenv --clear", "python3 -m pip --version"])
    t.match(message, way);
});

t.test(
  "preparePython() shows what pip says, and tries no other way, when a package cannot be had",
  async (t) => {
    const { prepare, calls } = await machine(t, { venv: true, pip: true, install: false });
    t.match(await refusal(prepare()), "│ No matching distribution");
    t.equal((await calls()).length, 2);
  },
);

t.test("preparePython() says what is in its way when it cannot make its folder", async (t) => {
  const { dir, prepare } = await machine(t, { venv: true, pip: true, install: true });
  await writeFile(join(dir, "python"), "");
  const error: unknown = await prepare().catch((error: unknown) => error);
  t.ok(error instanceof DevError);
  t.match(String(error), /python cannot be written, as a file lies where a folder must be: move it away/);
});

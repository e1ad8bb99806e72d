// A Python service's packages, installed once for each content of its requirements file.
//
// An environment is built in a folder of its own and becomes the one to use when a record of it is moved into place.
// So two runs that build at once do not disturb each other, and an interrupted build is never used.
import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskReason } from "../disk/index.ts";
import type { InfraReporter, InfraStep } from "../infra/index.ts";
import type { Supervisor } from "../process/index.ts";
import { DevError, lastWords } from "./dev-error.ts";

/** How to run Python with the packages. */
export interface PythonEnvironment {
  readonly interpreter: string;
  /** Goes in front of PATH. Missing where packages lie in a folder of their own. */
  readonly binDir?: string;
  /** Goes into PYTHONPATH where there is no virtual environment. */
  readonly packagesDir?: string;
}

export interface PythonEnvironmentOptions {
  readonly requirements: string;
  /** Holds the environments. */
  readonly dir: string;
  readonly reporter: InfraReporter;
  readonly supervisor: Supervisor;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Says whether a failure is one, or the end of the run. */
  readonly signal?: AbortSignal;
}

/**
 * The environment for a requirements file; installs it where it is missing.
 *
 * @throws DevError with each way that was tried.
 */
export async function preparePython(options: PythonEnvironmentOptions): Promise<PythonEnvironment> {
  const content = await readFile(options.requirements);
  const key = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const record = join(options.dir, `${key}.json`);
  const known = await readRecord(record);
  if (known !== undefined) return known;

  const step = options.reporter.step("python packages");
  try {
    await mkdir(options.dir, { recursive: true });
    const made = await make(options, join(options.dir, `${key}-${randomUUID().slice(0, 8)}`), step);
    await writeFile(`${record}.${process.pid}`, JSON.stringify(made));
    await rename(`${record}.${process.pid}`, record);
    step.done(`installed from ${options.requirements}`);
    return made;
  } catch (cause) {
    step.fail(options.signal?.aborted === true ? "stopped" : "could not be installed");
    const reason = diskReason(cause);
    if (reason === undefined) throw cause;
    throw new DevError(`Cannot install ${options.requirements}: ${reason}`, { cause });
  }
}

/** The environment of the record, if its interpreter is still there. */
async function readRecord(record: string): Promise<PythonEnvironment | undefined> {
  try {
    // Nobody but `preparePython` writes it.
    const known = JSON.parse(await readFile(record, "utf8")) as PythonEnvironment;
    await access(known.interpreter);
    if (known.packagesDir !== undefined) await access(known.packagesDir);
    return known;
  } catch {
    return undefined;
  }
}

/** A way to get a place for packages. It throws a DevError where the machine lacks it. */
type Way = (options: PythonEnvironmentOptions, folder: string, step: InfraStep) => Promise<PythonEnvironment>;

const ways: readonly Way[] = [
  (options, folder, step) =>
    virtualEnvironment(["python3", "-m", "venv", "--clear", folder], options, folder, step),
  (options, folder, step) => virtualEnvironment(["virtualenv", "--clear", folder], options, folder, step),
  packagesFolder,
];

async function make(
  options: PythonEnvironmentOptions,
  folder: string,
  step: InfraStep,
): Promise<PythonEnvironment> {
  options.supervisor.removeAtEnd(folder);
  const failures: string[] = [];
  for (const way of ways) {
    try {
      const made = await way(options, folder, step);
      options.supervisor.keep(folder);
      return made;
    } catch (error) {
      if (error instanceof PackagesRefused || !(error instanceof DevError)) throw error;
      failures.push(error.message);
    }
  }
  throw new DevError(
    `Cannot install ${options.requirements}: Python 3 with one of venv, virtualenv or pip is needed ` +
      `(on Debian: apt install python3-venv). Tried:\n${failures.join("\n")}`,
  );
}

/** Pip itself runs but cannot install what the file asks for: another way would not help. */
class PackagesRefused extends DevError {}

async function virtualEnvironment(
  command: readonly string[],
  options: PythonEnvironmentOptions,
  folder: string,
  step: InfraStep,
): Promise<PythonEnvironment> {
  step.progress(`making a virtual environment with ${command[0] === "python3" ? "venv" : "virtualenv"}`);
  await run(command, options, step);
  const binDir = join(folder, process.platform === "win32" ? "Scripts" : "bin");
  const interpreter = join(binDir, "python");
  await install([interpreter], [], options, step);
  return { interpreter, binDir };
}

async function packagesFolder(
  options: PythonEnvironmentOptions,
  folder: string,
  step: InfraStep,
): Promise<PythonEnvironment> {
  await run(["python3", "-m", "pip", "--version"], options, step);
  await install(["python3"], ["--target", folder], options, step);
  const { stdout } = await run(["python3", "-c", "import sys; print(sys.executable)"], options, step);
  return { interpreter: stdout.at(-1) ?? "python3", packagesDir: folder };
}

async function install(
  python: readonly string[],
  target: readonly string[],
  options: PythonEnvironmentOptions,
  step: InfraStep,
): Promise<void> {
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
  try {
    await run([...python, ...pip, ...target, "-r", options.requirements], options, step);
  } catch (error) {
    if (error instanceof DevError)
      throw new PackagesRefused(`Cannot install ${options.requirements}: ${error.message}`);
    throw error;
  }
}

/** Runs a command to its end; its lines are the step's progress. */
async function run(
  [command = "", ...args]: readonly string[],
  options: PythonEnvironmentOptions,
  step: InfraStep,
): Promise<{ readonly stdout: readonly string[] }> {
  const shown = [command, ...args].join(" ");
  const child = await options.supervisor
    // Paths in a requirements file are relative to where pip runs.
    .start({
      name: command,
      command,
      args,
      env: options.env,
      cwd: dirname(options.requirements),
      graceMs: 1000,
    })
    .catch((cause: unknown) => {
      throw new DevError(`\`${shown}\`: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    });
  child.onLine(({ text }) => {
    if (text.trim() !== "") step.progress(text.trim());
  });
  const { exit, asked } = await child.ended;
  if (asked) throw new Error(`\`${shown}\` was stopped`);
  if (exit.type === "exited" && exit.code === 0)
    return { stdout: child.lastLines.filter(({ stream }) => stream === "stdout").map(({ text }) => text) };
  throw new DevError(
    `\`${shown}\` ${exit.type === "exited" ? `exited with code ${exit.code}` : `was killed by ${exit.signal}`}. ` +
      lastWords(child.lastLines),
  );
}

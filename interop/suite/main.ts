// `npm run interop`: starts infra, builds the languages, runs their scenarios, prints the matrix.
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { InfraError, lineReporter, startInfra } from "samspel/infra";
import { superviseProcesses, type Supervisor } from "samspel/process";
import { build, languageNames, loadLanguage, MissingTool } from "./language.ts";
import { matrix } from "./matrix.ts";
import { runLanguage, type DirectedResult } from "./run-language.ts";
import { identityScenarios } from "./mtls.ts";
import { scenarios } from "./scenarios.ts";

const usage = `Usage: npm run interop [-- <language>… [--scenario <name>]…]

Builds the programs of each language with its own tools, runs every scenario of interop/README.md from TypeScript and
against TypeScript, and prints the matrix. Without a language, all: ${languageNames().join(", ")}. \`typescript\` runs it with
itself.

  --scenario <name>   only this one; may be given several times
  --help              this

A language whose tools are missing is skipped, and named. Exit code: 0 where all passed, 1 where not, 2 for a wrong
command line.`;

class UsageError extends Error {}

function readArguments():
  | { readonly languages: readonly string[]; readonly only?: readonly string[] }
  | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { scenario: { type: "string", multiple: true }, help: { type: "boolean", short: "h" } },
  });
  if (values.help === true) return undefined;
  const known = [...languageNames(), "typescript"];
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`No language ${unknown.join(", ")}: there are ${known.join(", ")}`);
  const names = [...scenarios.keys(), ...identityScenarios.keys()];
  const none = (values.scenario ?? []).filter((name) => !names.includes(name));
  if (none.length > 0) throw new UsageError(`No scenario ${none.join(", ")}: there are ${names.join(", ")}`);
  return {
    languages: positionals.length > 0 ? positionals : languageNames(),
    ...(values.scenario === undefined ? {} : { only: values.scenario }),
  };
}

async function runAll(
  { languages, only }: { readonly languages: readonly string[]; readonly only?: readonly string[] },
  supervisor: Supervisor,
  signal: AbortSignal,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "samspel-interop-"));
  // Under root, Postgres runs as another user, who must pass.
  chmodSync(folder, 0o711);
  supervisor.removeAtEnd(folder);
  const infra = await startInfra({
    dataDir: join(folder, "infra"),
    reporter: lineReporter((line) => console.error(line)),
    postgresSettings: { fsync: "off", full_page_writes: "off" },
    supervisor,
    signal,
  });
  const results: DirectedResult[] = [];
  const skipped: string[] = [];
  for (const name of languages) {
    const language = loadLanguage(name);
    console.log(`${name}: building`);
    try {
      await build(language, signal);
    } catch (error) {
      if (!(error instanceof MissingTool)) throw error;
      skipped.push(error.message);
      continue;
    }
    const ran = await runLanguage(language, {
      servers: infra,
      supervisor,
      signal,
      ...(only === undefined ? {} : { only }),
      onResult: ({ drive, serve, scenario, passed, message, ms }) => {
        console.log(`${passed ? "✔" : "✘"} ${drive} → ${serve} ${scenario} (${ms} ms)`);
        if (!passed) console.log(message.replaceAll(/^/gm, "    "));
      },
    });
    results.push(...ran);
  }
  await infra.stop();
  console.log(["", ...matrix(results), ""].join("\n"));
  for (const reason of skipped) console.log(`skipped: ${reason}`);
  const failed = results.filter(({ passed }) => !passed).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const choice = readArguments();
  if (choice === undefined) {
    console.log(usage);
    return 0;
  }
  const supervisor = superviseProcesses();
  const aborted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      aborted.abort(new Error(`stopped by ${signal}`));
      void supervisor.stop().then(() => process.exit(1));
    });
  }
  try {
    return await runAll(choice, supervisor, aborted.signal);
  } finally {
    await supervisor.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  console.error(isUsage || error instanceof InfraError ? error.message : error);
  process.exitCode = isUsage ? 2 : 1;
}

// The scenarios of a language as tests: built with its own tools, run against TypeScript in both directions.
import { superviseProcesses } from "samspel/process";
import t from "tap";
import { build, loadLanguage, MissingTool } from "../../interop/suite/language.ts";
import { runLanguage } from "../../interop/suite/run-language.ts";
import { databaseUrl, natsUrl } from "../support/environment.ts";

/** A build with nothing in any cache, on a machine that runs other tests. */
const buildMs = 900_000;

export function testScenarios(name: string): void {
  t.setTimeout(buildMs + 300_000);
  t.test(`${name} and TypeScript understand each other`, async (t) => {
    const supervisor = superviseProcesses();
    t.teardown(() => supervisor.stop());
    const language = loadLanguage(name);
    try {
      await build(language, AbortSignal.timeout(buildMs));
    } catch (error) {
      if (error instanceof MissingTool) {
        t.pass(`skipped`, { skip: error.message });
        return;
      }
      throw error;
    }
    const results = await runLanguage(language, {
      servers: { databaseUrl: databaseUrl(), natsUrl: natsUrl() },
      supervisor,
      signal: new AbortController().signal,
    });
    t.ok(results.length > 20, "there are results");
    for (const { drive, serve, scenario, passed, message } of results) {
      t.ok(passed, `${drive} → ${serve}: ${scenario}${message === "" ? "" : `: ${message}`}`);
    }
  });
}

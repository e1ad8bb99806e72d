// All scenarios of a language, in both directions, beside TypeScript.
import type { Supervisor } from "samspel/process";
import { openStage, runScenarios, type Result, type SuiteScenario } from "./direction.ts";
import { prepareGround, type Servers } from "./ground.ts";
import { loadLanguage, type Language } from "./language.ts";
import { identityScenarios } from "./mtls.ts";
import { scenarios } from "./scenarios.ts";

/** A result with its direction: who drives and who serves. */
export interface DirectedResult extends Result {
  readonly drive: string;
  readonly serve: string;
}

export interface RunLanguageOptions {
  readonly servers: Servers;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
  /** Only these. Default: all. */
  readonly only?: readonly string[];
  readonly onResult?: (result: DirectedResult) => void;
}

/** Runs a language that is built. */
export async function runLanguage(
  language: Language,
  options: RunLanguageOptions,
): Promise<readonly DirectedResult[]> {
  const typescript = loadLanguage("typescript");
  const results: DirectedResult[] = [];
  const both = [
    [typescript, language],
    [language, typescript],
  ] as const;
  // TypeScript with itself is one direction: it shows that the suite is right.
  for (const [drive, serve] of language.name === typescript.name ? both.slice(0, 1) : both) {
    for (const identity of [false, true]) {
      if (identity && !(drive.identity && serve.identity)) continue;
      const chosen = choose(identity ? identityScenarios : scenarios, options.only);
      if (chosen.size > 0) results.push(...(await runDirection({ drive, serve, identity, chosen }, options)));
    }
  }
  return results;
}

interface Direction {
  readonly drive: Language;
  readonly serve: Language;
  readonly identity: boolean;
  readonly chosen: ReadonlyMap<string, SuiteScenario>;
}

async function runDirection(
  { drive, serve, identity, chosen }: Direction,
  { servers, supervisor, signal, onResult = () => {} }: RunLanguageOptions,
): Promise<readonly DirectedResult[]> {
  const directed = (result: Result): DirectedResult => ({ ...result, drive: drive.name, serve: serve.name });
  await using ground = await prepareGround(servers, supervisor, signal);
  try {
    const stage = await openStage({ ground, serve, drive, identity });
    try {
      return (await runScenarios(stage, chosen, (result) => onResult(directed(result)))).map(directed);
    } finally {
      await Promise.all([stage.server.stop(), stage.driver.stop()]);
    }
  } catch (error) {
    // Programs that do not start fail all of it.
    const message = error instanceof Error ? error.message : String(error);
    return [...chosen.keys()].map((scenario) => {
      const result = directed({ scenario, passed: false, message, ms: 0 });
      onResult(result);
      return result;
    });
  }
}

function choose(
  all: ReadonlyMap<string, SuiteScenario>,
  only: readonly string[] | undefined,
): ReadonlyMap<string, SuiteScenario> {
  return only === undefined ? all : new Map([...all].filter(([name]) => only.includes(name)));
}

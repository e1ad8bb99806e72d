// One direction: a language's program drives another's. Each scenario ends with a result; none stops the others.
import { createTrace, type Trace } from "./trace.ts";
import type { Ground } from "./ground.ts";
import type { Language } from "./language.ts";
import { startProgram, type Program, type ProgramOptions } from "./program.ts";

export interface Result {
  readonly scenario: string;
  readonly passed: boolean;
  /** What did not hold; empty where all did. */
  readonly message: string;
  readonly ms: number;
}

interface DriveOptions {
  /** Default: a new one. */
  readonly trace?: Trace;
  /** The deadline that Run comes with, which the scenario's calls inherit. Default: none, as of who knows nothing of it. */
  readonly timeoutMs?: number;
}

/** What scenarios run on. */
export interface Stage {
  readonly ground: Ground;
  readonly driver: Program;
  /** The instance that serves now; scenarios that replace it say so. */
  server: Program;
  /** Starts one more instance of what serves. */
  startServer(this: void, instance: string): Promise<Program>;
  /** Has the driver carry out a scenario. @throws with what did not hold. */
  drive(
    this: void,
    scenario: string,
    parameters?: Readonly<Record<string, string>>,
    options?: DriveOptions,
  ): Promise<void>;
}

/** Throws where something does not hold. */
export type SuiteScenario = (stage: Stage) => Promise<void>;

// Longer than any scenario on a machine that is busy with everything else.
const scenarioMs = 90_000;

export interface DirectionOptions {
  readonly ground: Ground;
  readonly serve: Language;
  readonly drive: Language;
  readonly identity?: boolean;
}

/** Starts both programs. */
export async function openStage({
  ground,
  serve,
  drive,
  identity = false,
}: DirectionOptions): Promise<Stage> {
  const startServer = (instance: string): Promise<Program> => {
    const options: ProgramOptions = { mode: "serve", instance, identity };
    return startProgram(ground, serve, options);
  };
  const [server, driver] = await Promise.all([
    startServer("a"),
    startProgram(ground, drive, { mode: "drive", identity }),
  ]);
  return {
    ground,
    driver,
    server,
    startServer,
    async drive(scenario, parameters = {}, { trace = createTrace(), timeoutMs } = {}) {
      const { passed, message } = await driver.driver.run(
        { scenario, parameters },
        {
          signal: AbortSignal.timeout(scenarioMs),
          headers: { traceparent: trace.parent },
          ...(timeoutMs !== undefined && { timeoutMs }),
        },
      );
      if (!passed) throw new Error(message);
    },
  };
}

/** Runs scenarios one after the other. */
export async function runScenarios(
  stage: Stage,
  scenarios: ReadonlyMap<string, SuiteScenario>,
  onResult: (result: Result) => void = () => {},
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const [scenario, run] of scenarios) {
    const startedAt = performance.now();
    const message = await run(stage).then(
      () => "",
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const result = {
      scenario,
      passed: message === "",
      message,
      ms: Math.round(performance.now() - startedAt),
    };
    results.push(result);
    onResult(result);
  }
  return results;
}

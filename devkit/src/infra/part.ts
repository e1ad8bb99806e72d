// A part that we start: prepared once (binaries, data, port), launched as often as need be.
import type { Supervisor } from "../process/index.ts";
import type { OutputLine, ProcessExit } from "../process/index.ts";
import type { InfraPartName } from "./infra.ts";
import type { ResolvedInfraOptions } from "./options.ts";
import type { InfraStep } from "./reporter.ts";

/** What a part is started with. */
export interface PartContext {
  readonly options: ResolvedInfraOptions;
  readonly supervisor: Supervisor;
  readonly step: InfraStep;
  /** Aborts when the caller gives up or another part failed. */
  readonly signal: AbortSignal;
}

/** A part that can be launched. */
export interface PreparedPart {
  readonly url: string;
  readonly description: string;
  readonly dataDir?: string;
  /** The program that runs it; missing where it runs inside our process. */
  readonly command?: string;
  /** Resolves when it answers. */
  launch(signal: AbortSignal): Promise<LaunchedPart>;
}

/** A part that runs. */
export interface LaunchedPart {
  /** Missing where it runs inside our process. */
  readonly pid?: number;
  /** Resolves when it ended, however. Never, where it runs inside our process. */
  readonly ended: Promise<{ readonly exit: ProcessExit; readonly asked: boolean }>;
  readonly lastLines: readonly OutputLine[];
  stop(): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** What people call the parts. */
export const partTitles: Readonly<Record<InfraPartName, string>> = {
  postgres: "Postgres",
  nats: "NATS",
  registry: "registry",
};

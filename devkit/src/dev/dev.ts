// What a development run is to those who start one: the CLI, demos and fault tests.
import type { Project } from "../config/index.ts";
import type { Infra, InfraReporter } from "../infra/index.ts";
import type { OutputLine, ProcessExit, Supervisor } from "../process/index.ts";
import type { Companions } from "./companions.ts";
import type { DevProblem, DevServiceStatus, DevSystem } from "./dev-system.ts";

export interface DevOptions {
  /** The folder with samspel.json or samspel.config.ts, or a file of that kind. */
  readonly project: string;
  /** Holds what infra stores. Default: `.samspel/data` in the project. */
  readonly dataDir?: string;
  /** Deletes the data first. Default false. */
  readonly fresh?: boolean;
  /** Which registry is started where `CONSUL_HTTP_ADDR` names none. Default `embedded`. */
  readonly registry?: "embedded" | "consul";
  /**
   * Where services listen unless samspel.json says so: on ports that follow from their names, the same in each run
   * (`stable`, the default), or on free ones, so that the run fits beside another (`free`).
   */
  readonly ports?: "stable" | "free";
  /**
   * Restarts services when their files change. A service that does not start is then a problem to mend, and not the end
   * of the run. Default false.
   */
  readonly watch?: boolean;
  /**
   * Uses the infra of a run that is there already, in place of infra of its own: the folder or the name of its project,
   * or `""` where only one runs. It goes on when this run stops.
   */
  readonly join?: string;
  /** What is started beside the services. Default: nothing. */
  readonly companions?: Companions;
  /** More environment for all services. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long a service may take to be ready, in milliseconds. Default 60,000. */
  readonly readyTimeoutMs?: number;
  /** Default: silent. */
  readonly reporter?: DevReporter;
  /** Gives up a start that is under way, and stops what was started. Afterwards, use `stop()`. */
  readonly signal?: AbortSignal;
  /** For a caller who wants to kill all at once. Default: one of the run's own. */
  readonly supervisor?: Supervisor;
}

/** Is told what happens. */
export interface DevReporter extends InfraReporter {
  event(event: DevEvent): void;
}

/** What happens beside the steps of the start. */
export type DevEvent =
  | { readonly type: "output"; readonly service: string; readonly line: OutputLine }
  /** A service or a part of infra ended without being asked; it is started again after the wait. */
  | {
      readonly type: "crashed";
      readonly name: string;
      readonly exit: ProcessExit;
      readonly lastLines: readonly OutputLine[];
      readonly restartInMs: number;
    }
  /** Starting it again failed; the next `crashed` or `recovered` follows. */
  | {
      readonly type: "restart-failed";
      readonly name: string;
      readonly reason: string;
      readonly restartInMs: number;
    }
  | { readonly type: "recovered"; readonly name: string }
  /** Files changed; these services restart. Paths are relative to the project's folder. */
  | { readonly type: "changed"; readonly files: readonly string[]; readonly services: readonly string[] }
  /** A service was started anew, as its files had changed or somebody asked for it. */
  | { readonly type: "reloaded"; readonly name: string; readonly tookMs: number }
  /**
   * samspel.json changed: these services come, start anew and leave. What of it is `pending`, such as the name, takes a
   * new run.
   */
  | {
      readonly type: "project-changed";
      readonly added: readonly string[];
      readonly changed: readonly string[];
      readonly removed: readonly string[];
      readonly pending: readonly string[];
    }
  | { readonly type: "problem"; readonly problem: DevProblem }
  /** The problem is gone. */
  | { readonly type: "mended"; readonly problem: DevProblem };

/** What a service told the registry of itself. */
export interface RegisteredInstance {
  /** Its id there. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** The full names of the proto services that it serves. */
  readonly protoServices: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
}

/** A service of the run. */
export interface DevService {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** `down`: killed by `kill()`, or stopped. */
  readonly state: DevServiceStatus;
  /** While it runs. */
  readonly pid: number | undefined;
  /** What it registered when it was last ready. */
  readonly instance: RegisteredInstance | undefined;
}

/** A system that runs. */
export interface Dev extends AsyncDisposable {
  /** As its files say now, where they are watched. */
  readonly project: Project;
  /** Those of now. */
  readonly services: readonly DevService[];
  readonly infra: Infra;
  /** The same for the dashboard: what runs, what is wrong, what can be done. */
  readonly system: DevSystem;
  /** Where the gateway listens, if there is one. */
  readonly gatewayUrl: string | undefined;
  /** Where the dashboard is, if there is one. */
  readonly dashboardUrl: string | undefined;
  /** The project's commands to try, filled in. */
  readonly tryCommands: readonly string[];
  /**
   * Stops a service if it runs, starts it again and waits until it is ready. Where files are watched, it is built first,
   * and the old process serves until the new one does.
   *
   * @throws DevError when it does not get ready.
   */
  restart(service: string): Promise<void>;
  /** Kills a service as a crash would (SIGKILL); it stays down until `restart()`. */
  kill(service: string): Promise<void>;
  /** Stops the services, then infra. Nothing of the run is left afterwards. */
  stop(): Promise<void>;
}

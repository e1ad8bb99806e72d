// What a service of a system may be: parts or a function that run in the test's process, or a program in any language.
import { fileURLToPath } from "node:url";
import type { ServiceOptions } from "@samspel/runtime";

/** What a service that runs in the test's process is started with; `startService` takes it as it is. */
export interface ServiceSettings extends Required<
  Pick<
    ServiceOptions,
    | "name"
    | "host"
    | "port"
    | "databaseUrl"
    | "natsUrl"
    | "registryUrl"
    | "topicPrefix"
    | "drainMs"
    | "freezeStates"
    | "logger"
    | "identity"
  >
> {
  readonly ownsProcess: false;
}

/** A service that was started in the test's process. */
export interface StartedService {
  stop(): Promise<void>;
}

/** Starts a service in the test's process: `(settings) => startService({ ...settings, entities: [cart] })`. */
export type ServiceFunction = (settings: ServiceSettings) => Promise<StartedService>;

type OwnSettings =
  | "name"
  | "host"
  | "port"
  | "databaseUrl"
  | "natsUrl"
  | "registryUrl"
  | "topicPrefix"
  | "identity"
  | "ownsProcess";

/** The parts of a service that runs in the test's process, as `startService` takes them. */
export interface ServiceParts extends Omit<ServiceOptions, OwnSettings> {
  /** Its name in the registry. Default: its name in the system. Two members of one name are two instances of a service. */
  readonly name?: string;
}

/** A program in any language, which reads docs/reference/environment.md. */
export interface ServiceCommand {
  /** The program and its arguments; `node` is the Node that runs the test. */
  readonly command: readonly [string, ...string[]];
  /** Default: the system's `dir`. */
  readonly cwd?: string;
  /** Variables beside those that the system sets; they come last. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its name in the registry. Default: its name in the system. */
  readonly name?: string;
}

/** A service as a project's samspel.json has it, with its build and its packages: see `fromProject`. */
export interface ProjectService {
  readonly project: string;
  readonly service: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * One service of a system. A string or a URL is a file that Node runs, such as `../cart/main.ts`; a string is relative to the
 * system's `dir`.
 */
export type ServiceSpec = ServiceParts | ServiceFunction | ServiceCommand | ProjectService | string | URL;

/**
 * A service as samspel.json has it: built and installed as `samspel dev` does, which is kept for the next time.
 *
 * @param project The folder of samspel.json, or such a file.
 */
export function fromProject(
  project: string | URL,
  service: string,
  options: { readonly env?: Readonly<Record<string, string>> } = {},
): ProjectService {
  return {
    project: project instanceof URL ? fileURLToPath(project) : project,
    service,
    ...(options.env === undefined ? {} : { env: options.env }),
  };
}

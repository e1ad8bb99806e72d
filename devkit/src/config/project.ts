// A project as the rest of the devkit sees it: checked, with absolute paths.

/** A system of services that runs together. */
export interface Project {
  readonly name: string;
  /** The folder of its file. */
  readonly dir: string;
  /** samspel.json, samspel.config.ts, or another file of that kind. */
  readonly file: string;
  /** The files of the projects that it extends. */
  readonly extended: readonly string[];
  /** Those that are started from here. */
  readonly services: readonly ServiceDefinition[];
  /** Those that others start. */
  readonly unmanaged: readonly UnmanagedService[];
  /** What code is generated from. */
  readonly protos: readonly ProtosDefinition[];
  readonly gateway: BesideDefinition;
  readonly dashboard: BesideDefinition;
  /** Commands to try first, with their placeholders. */
  readonly tryCommands: readonly string[];
}

/** How one service is started. */
export interface ServiceDefinition {
  readonly name: string;
  /** The program and its arguments; at least one. */
  readonly command: Program;
  /** What builds it, if it must be built. */
  readonly build?: Program;
  readonly cwd: string;
  /** Default: one that follows from the name. */
  readonly port?: number;
  readonly env: Readonly<Record<string, string>>;
  readonly python?: PythonDefinition;
  /** Files, folders and globs. Default: a guess from its language. */
  readonly watch?: readonly string[];
  /** Folders of .proto files that it reads itself. */
  readonly protos?: readonly string[];
  /** Whether its next process may start while the old one still serves. Default: `overlap`, but with a `port`, `replace`. */
  readonly handover?: "overlap" | "replace";
}

/** A program and its arguments. */
export type Program = readonly [string, ...string[]];

/** What a Python service needs. */
export interface PythonDefinition {
  /** The requirements file. */
  readonly requirements: string;
  /** Folders of source. */
  readonly path: readonly string[];
}

/** A service that others start. */
export interface UnmanagedService {
  readonly name: string;
  /** Where it is to be registered; undefined where it registers itself. */
  readonly place: { readonly address: string; readonly port: number } | undefined;
}

/** Proto files, and what is done when they change. */
export interface ProtosDefinition {
  readonly folders: readonly string[];
  /** Undefined where nothing is generated. */
  readonly generate: Program | undefined;
  readonly cwd: string;
  readonly lint: boolean;
  /** What `buf breaking` compares with. Undefined: the last commit. */
  readonly against: string | false | undefined;
}

/** The gateway or the dashboard. */
export interface BesideDefinition {
  readonly enabled: boolean;
  /** Default: one that follows from the system's name. */
  readonly port: number | undefined;
}

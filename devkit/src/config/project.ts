// A project as the rest of the devkit sees it: checked, with absolute paths.

/** A system of services that runs together. */
export interface Project {
  readonly name: string;
  /** The folder of its file. */
  readonly dir: string;
  /** samspel.json, or another file of that kind. */
  readonly file: string;
  readonly services: readonly ServiceDefinition[];
  /** Commands to try first, with their placeholders. */
  readonly tryCommands: readonly string[];
}

/** How one service is started. */
export interface ServiceDefinition {
  readonly name: string;
  /** The program and its arguments; at least one. */
  readonly command: readonly [string, ...string[]];
  /** What builds it, if it must be built. */
  readonly build?: readonly [string, ...string[]];
  readonly cwd: string;
  /** Default: one that follows from the name. */
  readonly port?: number;
  readonly env: Readonly<Record<string, string>>;
  readonly python?: PythonDefinition;
}

/** What a Python service needs. */
export interface PythonDefinition {
  /** The requirements file. */
  readonly requirements: string;
  /** Folders of source. */
  readonly path: readonly string[];
}

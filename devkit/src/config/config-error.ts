// A mistake in a project's configuration: it says where it stands and how to mend it (A1).

/** samspel.json cannot be used as it is. The message is for the person who wrote the file. */
export class ConfigError extends Error {
  static {
    this.prototype.name = "ConfigError";
  }

  /** The file at fault. */
  readonly file: string;

  constructor(file: string, problems: readonly string[], options?: ErrorOptions) {
    super(
      problems.length === 1 ? `${file}: ${problems[0]}` : `${file}:\n  ${problems.join("\n  ")}`,
      options,
    );
    this.file = file;
  }
}

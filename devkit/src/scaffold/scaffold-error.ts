// What a scaffold refuses: it says why, and what to do.

/** A project or a service cannot be made as asked. Nothing was written, unless the message says otherwise. */
export class ScaffoldError extends Error {
  static {
    this.prototype.name = "ScaffoldError";
  }
}

// What the collector does not take.

/** A request that is refused, with the HTTP status that says so. */
export class RefusedError extends Error {
  readonly status: 400 | 404 | 405 | 413 | 415 | 429;

  constructor(status: RefusedError["status"], message: string) {
    super(message);
    this.status = status;
  }
}

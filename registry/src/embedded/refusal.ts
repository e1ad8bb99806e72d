// A request that is answered with an error, as Consul words it: plain text and a status.

/** Thrown by a handler; the server answers with it. */
export class Refusal extends Error {
  override readonly name: string = "Refusal";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

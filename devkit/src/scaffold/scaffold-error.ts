/** Why nothing is made, or not all; the message says all. */
export class ScaffoldError extends Error {
  override readonly name: string = "ScaffoldError";
}

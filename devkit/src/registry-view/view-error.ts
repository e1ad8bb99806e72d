/** Why something cannot be shown; the message says all. */
export class ViewError extends Error {
  override readonly name: string = "ViewError";
}

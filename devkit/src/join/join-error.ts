/** Why a program cannot be joined; the message says all. */
export class JoinError extends Error {
  override readonly name: string = "JoinError";
}

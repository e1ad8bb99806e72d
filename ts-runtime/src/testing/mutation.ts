// What V8 says where strict code changes what is frozen.

const frozen =
  /read only property|Cannot add property|Cannot delete property|object is not extensible|Cannot redefine property/;

/** The message of an error that came of changing a frozen object; undefined for any other error. */
export function mutationOf(error: unknown): string | undefined {
  return error instanceof TypeError && frozen.test(error.message) ? error.message : undefined;
}

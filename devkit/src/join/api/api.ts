// What a program serves, that knows nothing of us.

/** The proto services of a program, and how they are known. */
export interface Api {
  /** Their full names, sorted; not health, reflection and channelz. */
  readonly protoServices: readonly string[];
  /** A descriptor set of them, as bytes; undefined where nobody has one. */
  readonly descriptors: Uint8Array | undefined;
}

/** What every server may have beside its own services. */
const besides = /^grpc\.(health|reflection|channelz|admin)\./;

export function isOwn(protoService: string): boolean {
  return !besides.test(protoService);
}

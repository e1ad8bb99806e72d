// What is said of a program that joins, whoever started it.
import type { CheckKind } from "./settle-check.ts";

export interface JoinedOptions {
  /** The service's name in the registry: a DNS label. */
  readonly name: string;
  /** Where callers reach it. */
  readonly host: string;
  readonly port: number;
  /** Whether it is asked what it serves, by gRPC reflection. */
  readonly reflection: boolean;
  /** Descriptor sets, proto files or folders of them. */
  readonly proto: readonly string[];
  /** The full names of what it serves, where others do not count. */
  readonly services: readonly string[];
  readonly check: CheckKind | undefined;
  readonly checkUrl: string | undefined;
  readonly meta: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly version: string | undefined;
  readonly zone: string | undefined;
  readonly lang: string | undefined;
  /** Whether callers must use TLS. */
  readonly secure: boolean;
  /** How long the program may take until it answers and says that it serves. */
  readonly waitMs: number;
}

// What calls need of a registry, and no more: a test or a fixed list of addresses can stand in for it.
import type { Descriptors, InstanceQuery, Values } from "@samspel/registry";

/** Where an instance listens. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** The service that it is an instance of, which it must prove where both sides have identities. */
  readonly service?: string;
  /** `secure: "true"` asks for TLS, `mtls: "optional"` takes it. */
  readonly meta: Readonly<Record<string, string>>;
  /** Its share of calls beside the others', 1 or more. Default 1. */
  readonly weight?: number;
}

/** The live instances of one proto service; it yields when they change. */
export interface TargetWatch extends AsyncIterable<unknown>, Disposable {
  readonly current: readonly Target[];
  /** `doubted`: the registry has none any more, and the last ones are kept for a while (R5). Default: none of it. */
  readonly status?: { readonly type: string };
}

/** A `Registry` of `@samspel/registry` is one. */
export interface InstanceSource {
  /** For error messages; without credentials. */
  readonly url: string;
  /** Where callers note what they use; a source without it has no such record. */
  readonly descriptors?: Pick<Descriptors, "publish" | "noteCaller">;
  /** Where policies are set; a source without it has none. */
  readonly values?: Pick<Values, "watch">;
  watch(protoService: string, query?: InstanceQuery): TargetWatch;
}

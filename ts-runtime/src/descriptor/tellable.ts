// Which methods may be told: a tell comes at least once, so its handler must not mind, or know it again (T5).
import { getOption, type DescField, type DescMethod, type DescMethodUnary } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { deduplicated } from "../gen/samspel/v1/options_pb.ts";
import { findKeyField } from "./key-field.ts";

/** Whether doing what a method does twice is as good as once. */
export function isIdempotent(method: DescMethod): boolean {
  return method.idempotency === Idempotency.IDEMPOTENT || method.idempotency === Idempotency.NO_SIDE_EFFECTS;
}

/** Whether a method's file says that its handler de-duplicates by command id. */
export function isDeduplicated(method: DescMethod): boolean {
  return getOption(method, deduplicated);
}

/** Whether a method may be told. */
export function isTellable(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary" && (isIdempotent(method) || isDeduplicated(method));
}

/** What a tell of a method needs to know of it, read once. */
export interface TellableMethod {
  readonly method: DescMethodUnary;
  /** The field of the request that orders tells, if there is one. */
  readonly keyField: DescField | undefined;
}

const known = new WeakMap<DescMethod, TellableMethod>();

/**
 * A method that may be told.
 * @throws TypeError that names the method and the fix where it may not.
 */
export function tellableMethod(method: DescMethod): TellableMethod {
  const found = known.get(method);
  if (found !== undefined) return found;
  const name = `${method.parent.typeName}.${method.name}`;
  if (method.methodKind !== "unary")
    throw new TypeError(`Cannot tell ${name} as it streams: a tell is a unary method`);
  if (!isTellable(method)) {
    throw new TypeError(
      `Cannot tell ${name} as it might be carried out twice: mark it \`option idempotency_level = IDEMPOTENT;\` if that ` +
        `does no harm, or \`option (samspel.v1.deduplicated) = true;\` if an entity or an inbox serves it`,
    );
  }
  const tellable = { method, keyField: findKeyField(method.input) };
  known.set(method, tellable);
  return tellable;
}

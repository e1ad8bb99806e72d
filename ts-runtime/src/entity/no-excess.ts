// Refuses misspelt fields in events. TypeScript checks excess properties only where a literal meets its type
// directly; an event passes through persist() first, so the check is made here. Deeper levels are checked when the
// event becomes a message.

type Primitive = string | number | bigint | boolean | symbol | null | undefined | Uint8Array;

/** `Given` itself where it has no property that `Allowed` lacks, else a type that it does not fit. */
export type NoExcess<Given, Allowed> = Given extends {
  readonly case: infer Case;
  readonly value: infer Value;
}
  ? { readonly case: Case; readonly value: Exact<Value, ValueOf<Allowed, Case>> }
  : Allowed;

type ValueOf<Allowed, Case> = Allowed extends { case: Case; value: infer Value } ? Value : never;

type Exact<Given, Allowed> = Given extends Primitive
  ? Given
  : [Allowed] extends [never]
    ? never
    : { [K in keyof Given]: Property<Allowed, K> };

type Property<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;

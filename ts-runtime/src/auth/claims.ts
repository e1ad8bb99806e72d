// Claims with types: by a schema that the user gives, of whatever library implements Standard Schema, and by the names of
// the claims that hold roles and scopes.
import { SamspelError } from "../errors/index.ts";
import type { Claims } from "./principal.ts";

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

type Result<C> =
  | { readonly value: C; readonly issues?: undefined }
  | { readonly issues: readonly Issue[]; readonly value?: undefined };

/** A Standard Schema (version 1), as valibot, zod, arktype and others make them: the part of it that is used here. */
export interface ClaimsSchema<C> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Result<C> | Promise<Result<C>>;
  };
}

/**
 * Claims as a schema has them. What the claims hold is in no message, only which one is not as it must be.
 * @throws SAMSPEL_UNAUTHENTICATED where they do not fit; TypeError for a schema that takes its time.
 */
export function readClaims<C>(schema: ClaimsSchema<C>, claims: Claims): C {
  const result = schema["~standard"].validate(claims);
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new TypeError("Cannot use an asynchronous schema for claims: give one that validates at once");
  }
  if (result.issues === undefined) return result.value;
  const names = [...new Set(result.issues.map(nameOf))].join(", ");
  throw new SamspelError(
    "SAMSPEL_UNAUTHENTICATED",
    `the token's claims are not those that this call needs: ${names}`,
    {
      metadata: { claims: names },
    },
  );
}

function nameOf({ path = [] }: Issue): string {
  const keys = path.map((step) => String(typeof step === "object" ? step.key : step));
  return keys.length === 0 ? "the whole of them" : keys.join(".");
}

/**
 * The words of a claim: a list, or one text with spaces between, as `scope` is. Its name is a claim's own, which may have
 * dots in it, else a path such as `realm_access.roles`. What is no text is left out.
 */
export function wordsOf(claims: Claims, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : follow(claims, name.split("."));
  if (typeof value === "string") return value.split(" ").filter((word) => word !== "");
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

function follow(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}

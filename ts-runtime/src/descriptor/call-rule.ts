// Who may call a method, as its file says: `(samspel.v1.allow)` of the method, else `(samspel.v1.allow_service)` of its
// service. A rule that says two things at once, or one that this version cannot read, is an error: it would let in, or
// keep out, others than its author meant.
import { getOption, hasOption, type DescMethod } from "@bufbuild/protobuf";
import { invalidConfiguration } from "../errors/index.ts";
import { allow, allow_service, type AllowOptions } from "../gen/samspel/v1/options_pb.ts";

/** Whoever fits one of its parts may call. */
export type CallRule =
  /** Anybody. */
  | { readonly type: "anybody" }
  | {
      readonly type: "named";
      /** Names of the registry, or `*` for any service that has an identity. */
      readonly services: ReadonlySet<string>;
      /** Undefined where no user may. */
      readonly users: UserRule | undefined;
    };

/** What is asked of a user's token, beside that it is good: one of the roles, if there are any, and all of the scopes. */
export interface UserRule {
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

const anybody: CallRule = { type: "anybody" };
const serviceName = /^(\*|[a-z]([a-z0-9-]{0,61}[a-z0-9])?)$/;

/**
 * The rule of a method; undefined where its file has none for it.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the method, for a rule that cannot be kept.
 */
export function callRule(method: DescMethod): CallRule | undefined {
  const name = `${method.parent.typeName}/${method.name}`;
  if (hasOption(method, allow)) return ruleOf(`(samspel.v1.allow) of ${name}`, getOption(method, allow));
  if (!hasOption(method.parent, allow_service)) return undefined;
  const options = getOption(method.parent, allow_service);
  return ruleOf(`(samspel.v1.allow_service) of ${method.parent.typeName}`, options);
}

function ruleOf(what: string, options: AllowOptions): CallRule {
  const { services, anonymous, users, roles, scopes, $unknown: unknown = [] } = options;
  const [first] = unknown;
  if (first !== undefined) {
    throw invalidConfiguration(
      `${what} has field ${first.no}, which this version of Samspel does not know: use the version whose options.proto it was written with`,
    );
  }
  const hasUserRule = roles.length > 0 || scopes.length > 0;
  if (anonymous && (services.length > 0 || users || hasUserRule)) {
    throw invalidConfiguration(
      `${what} says anonymous, which is anybody, and names others beside it: leave either out`,
    );
  }
  if (users && hasUserRule) {
    throw invalidConfiguration(
      `${what} says users, which is any of them, and roles or scopes beside it: leave either out`,
    );
  }
  for (const service of services) {
    if (!serviceName.test(service)) {
      throw invalidConfiguration(
        `${what} must name services as the registry does, or "*": current value is "${service}"`,
      );
    }
  }
  for (const word of [...roles, ...scopes]) {
    if (word === "" || /\s/.test(word)) {
      throw invalidConfiguration(
        `${what} must have roles and scopes of one word each: current value is "${word}"`,
      );
    }
  }
  if (anonymous) return anybody;
  return {
    type: "named",
    services: new Set(services),
    users: users || hasUserRule ? { roles, scopes } : undefined,
  };
}

// May this principal call this method? Invariants:
//   R1. It is decided from the method's rule and the principal alone, in memory and at once.
//   R2. Whoever fits one part of a rule may call; what fits none, and no rule that would let it in, is refused.
//   R3. A rule that this service cannot keep, as it cannot tell such callers apart, stops the start in production, and
//       lets everybody in elsewhere, with a warning: a laptop must stay usable.
//   R4. Where no rule is, the service's default decides. What is not the service's own is exempt: health, reflection, and
//       what is turned on by a switch of its own.
import type { DescMethod } from "@bufbuild/protobuf";
import { callRule, type CallRule, type UserRule } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { DefaultRule } from "./options.ts";
import type { Principal, UserPrincipal } from "./principal.ts";

export interface CallRulesOptions {
  /** The service's name, for messages. */
  readonly service: string;
  /** What holds for methods without a rule. */
  readonly default: DefaultRule;
  /** Whether the service can tell services apart, by certificates. */
  readonly knowsServices: boolean;
  /** Whether it can tell users apart, by tokens. */
  readonly knowsUsers: boolean;
}

/** What holds for a method, all considered. */
type Standing =
  | { readonly type: "open" }
  /** No rule is there, and the default is to refuse. */
  | { readonly type: "closed" }
  | { readonly type: "ruled"; readonly rule: CallRule & { type: "named" } }
  /** Its rule cannot be kept here (R3): `lacks` says what for. */
  | { readonly type: "unkept"; readonly lacks: "identity" | "issuers" };

export interface CallRules {
  /** @throws SAMSPEL_INVALID_CONFIGURATION for a rule that cannot be read. */
  standing(method: DescMethod): Standing;
  /**
   * Lets a principal call a method.
   *
   * @throws SAMSPEL_CALLER_DENIED; SAMSPEL_UNAUTHENTICATED where a user's token would be needed and none was shown.
   */
  check(method: DescMethod, principal: Principal): void;
}

const exempt =
  /^(grpc\.health\.v1|grpc\.reflection\.|samspel\.v1\.(TopicService|InspectionService|BackofficeService)$)/;

/** Whether a method is of health, reflection or another part that every service may have beside its own (R4). */
export function isExempt({ parent }: DescMethod): boolean {
  return exempt.test(parent.typeName);
}

const open: Standing = { type: "open" };
const closed: Standing = { type: "closed" };

export function createCallRules(options: CallRulesOptions): CallRules {
  const known = new Map<DescMethod, Standing>();
  const settle = (method: DescMethod): Standing => {
    if (isExempt(method)) return open;
    const rule = callRule(method);
    if (rule === undefined) return options.default === "allow" ? open : closed;
    if (rule.type === "anybody") return open;
    if (rule.services.size > 0 && !options.knowsServices) return { type: "unkept", lacks: "identity" };
    if (rule.users !== undefined && !options.knowsUsers) return { type: "unkept", lacks: "issuers" };
    return { type: "ruled", rule };
  };
  const standing = (method: DescMethod): Standing => {
    let settled = known.get(method);
    if (settled === undefined) known.set(method, (settled = settle(method)));
    return settled;
  };
  return {
    standing,
    check(method, principal) {
      const settled = standing(method);
      if (settled.type === "ruled") return checkRule(settled.rule, { method, principal, ...options });
      if (settled.type === "closed") throw noRule(options.service, method, principal);
    },
  };
}

interface Asked {
  readonly method: DescMethod;
  readonly principal: Principal;
  readonly service: string;
}

/** R2 */
function checkRule({ services, users }: CallRule & { type: "named" }, asked: Asked): void {
  const { principal } = asked;
  const caller = callingService(principal);
  if (caller !== undefined && (services.has("*") || services.has(caller))) return;
  if (users === undefined) {
    throw denied(asked, `${nameOf(asked.method)} is not for it: its (samspel.v1.allow) does not name it`);
  }
  if (principal.type !== "user") {
    throw new SamspelError(
      "SAMSPEL_UNAUTHENTICATED",
      `${nameOf(asked.method)} is for users: call it with authorization: Bearer <token>`,
      { metadata: { service: asked.service, method: nameOf(asked.method) } },
    );
  }
  const lack = lackOf(principal, users);
  if (lack !== undefined) throw denied(asked, `${nameOf(asked.method)} needs ${lack}`);
}

/** What a user does not have of what is asked for; undefined where it has all. */
function lackOf(user: UserPrincipal, { roles, scopes }: UserRule): string | undefined {
  if (roles.length > 0 && !roles.some((role) => user.roles.includes(role))) {
    return roles.length === 1 ? `the role ${roles[0]}` : `one of the roles ${roles.join(", ")}`;
  }
  const missing = scopes.filter((scope) => !user.scopes.includes(scope));
  return missing.length === 0 ? undefined : `the scope ${missing.join(" and ")}`;
}

function callingService(principal: Principal): string | undefined {
  if (principal.type === "service") return principal.name;
  return principal.type === "user" ? principal.via : undefined;
}

function noRule(service: string, method: DescMethod, principal: Principal): SamspelError {
  const asked = { service, method, principal };
  return denied(asked, `nothing says who may call ${nameOf(method)}: its file must, by (samspel.v1.allow)`);
}

function denied({ method, principal, service }: Asked, why: string): SamspelError {
  const caller = callingService(principal);
  const who = principal.type === "user" ? "this user" : (caller ?? "a caller without a certificate");
  return new SamspelError("SAMSPEL_CALLER_DENIED", `${who} may not call ${service}: ${why}`, {
    metadata: { service, ...(caller === undefined ? {} : { caller }), method: nameOf(method) },
  });
}

/** What the start of a service is to know of its rules. */
export interface RuleFindings {
  /** Methods that everybody may call, as nothing says otherwise; or nobody, where that is the default. */
  readonly without: readonly DescMethod[];
  /** Methods whose rule cannot be kept. */
  readonly unkept: readonly DescMethod[];
  /** What the first of them lacks, as a sentence with its fix; undefined where all rules are kept. */
  readonly objection: string | undefined;
}

/** Looks at the rules of all methods before anybody calls. @throws as `standing`. */
export function findRules(rules: CallRules, methods: readonly DescMethod[], service: string): RuleFindings {
  const own = methods.filter((method) => !isExempt(method));
  const unkept = own.filter((method) => rules.standing(method).type === "unkept");
  const [first] = unkept;
  return {
    without: own.filter((method) => callRule(method) === undefined),
    unkept,
    objection: first === undefined ? undefined : objectionTo(rules, first, service),
  };
}

function objectionTo(rules: CallRules, method: DescMethod, service: string): string {
  const settled = rules.standing(method);
  const says = `${nameOf(method)} says who may call it (samspel.v1.allow), but service ${service}`;
  return settled.type === "unkept" && settled.lacks === "issuers"
    ? `${says} knows no issuer of tokens to tell users apart: set auth.issuers or SAMSPEL_AUTH_ISSUERS`
    : `${says} has no identity to tell callers apart: set SAMSPEL_IDENTITY=consul`;
}

/** As rules and messages name a method. */
function nameOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

/** For messages that name several. */
export function namesOf(methods: readonly DescMethod[]): readonly string[] {
  return methods.map(nameOf);
}

// Every rule, every caller: what a service lets in is what the words of options.proto say, written down once more here.
import * as fc from "fast-check";
import t from "tap";
import { ruledMethod, type Allowing, type MethodRules } from "../../../test/support/methods.ts";
import { callRule } from "../descriptor/index.ts";
import { createCallRules, type CallRulesOptions } from "./call-rules.ts";
import type { Principal } from "./principal.ts";

const names = ["cart", "orders", "shipping"];
const words = ["admin", "clerk", "read", "write"];

const some = (from: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...from], { maxLength: 3 });
const allowing: fc.Arbitrary<Allowing> = fc.record({
  services: fc.oneof(some(names), fc.constant<string[]>(["*"])),
  anonymous: fc.boolean(),
  users: fc.boolean(),
  roles: some(words),
  scopes: some(words),
});
const rules: fc.Arbitrary<MethodRules> = fc.record(
  { allow: allowing, allowService: allowing },
  { requiredKeys: [] },
);
const principals: fc.Arbitrary<Principal> = fc.oneof(
  fc.constant<Principal>({ type: "anonymous" }),
  fc.constantFrom(...names).map((name): Principal => ({ type: "service", name, spiffeId: "" })),
  fc
    .record({ roles: some(words), scopes: some(words), via: fc.option(fc.constantFrom(...names)) })
    .map(({ roles, scopes, via }): Principal => {
      const user = { type: "user", subject: "ann", issuer: "", claims: {}, roles, scopes } as const;
      return via === null ? user : { ...user, via };
    }),
);
const options: fc.Arbitrary<CallRulesOptions> = fc.record({
  service: fc.constant("here"),
  default: fc.constantFrom("allow", "deny"),
  knowsServices: fc.boolean(),
  knowsUsers: fc.boolean(),
});

/** The model: true where the call may be made; undefined where the rule is none. */
function mayCall(
  { allow, allowService }: MethodRules,
  principal: Principal,
  can: CallRulesOptions,
): boolean | undefined {
  const rule = allow ?? allowService;
  if (rule === undefined) return can.default === "allow";
  const { services = [], anonymous = false, users = false, roles = [], scopes = [] } = rule;
  const namesUsers = users || roles.length + scopes.length > 0;
  if (anonymous && (services.length > 0 || namesUsers)) return undefined;
  if (users && roles.length + scopes.length > 0) return undefined;
  if (anonymous) return true;
  if ((services.length > 0 && !can.knowsServices) || (namesUsers && !can.knowsUsers)) return true;
  const service =
    principal.type === "service" ? principal.name : principal.type === "user" ? principal.via : undefined;
  if (service !== undefined && services.some((name) => name === "*" || name === service)) return true;
  if (principal.type !== "user" || !namesUsers) return false;
  const has = (held: readonly string[]) => (word: string) => held.includes(word);
  return (roles.length === 0 || roles.some(has(principal.roles))) && scopes.every(has(principal.scopes));
}

t.test("check() lets in exactly whom the rule names (R1, R2, R3, R4)", async () => {
  const seen = new Set<boolean | undefined>();
  fc.assert(
    fc.property(rules, principals, options, (given, principal, can) => {
      const expected = mayCall(given, principal, can);
      seen.add(expected);
      const method = ruledMethod(given);
      let actual: boolean | undefined = true;
      try {
        createCallRules(can).check(method, principal);
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        if (code === "SAMSPEL_INVALID_CONFIGURATION") actual = undefined;
        else if (code === "SAMSPEL_CALLER_DENIED") actual = false;
        else if (code === "SAMSPEL_UNAUTHENTICATED") {
          // Only who has shown no token is asked for one, and only where one could help.
          const rule = callRule(method);
          if (principal.type === "user" || rule?.type !== "named" || rule.users === undefined) throw error;
          actual = false;
        } else throw error;
      }
      return actual === expected;
    }),
    { numRuns: 1_000 },
  );
  t.equal(seen.size, 3, "all answers were there");
});

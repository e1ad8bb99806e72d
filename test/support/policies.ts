// Policies for tests: the defaults, but for what a test says of a method.
import { defaultPolicies, type CallPolicy, type Policies } from "../../ts-runtime/src/policy/index.ts";

/** @param changes by the method's own name, such as `Echo`. */
export function policiesWith(changes: Readonly<Record<string, Partial<CallPolicy>>>): Policies {
  const defaults = defaultPolicies();
  return {
    ...defaults,
    ofMethod: (method) => ({ ...defaults.ofMethod(method), ...changes[method.name] }),
  };
}

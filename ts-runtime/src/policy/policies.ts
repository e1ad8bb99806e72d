// The policies in force: looked up for each call, so that a change takes effect with the next one.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { CallPolicy, ServicePolicy } from "./call-policy.ts";
import { defaultCallPolicy, defaultServicePolicy } from "./defaults.ts";

/** Where clients and servers look up what is to happen to calls. */
export interface Policies {
  /** Made once per method and change: looking it up costs no more than a map. */
  ofMethod(method: DescMethod): CallPolicy;
  ofService(service: DescService): ServicePolicy;
}

/** The defaults, for every method. */
export function defaultPolicies(): Policies {
  // Descriptors that nobody has any more take their policy with them.
  const known = new WeakMap<DescMethod, CallPolicy>();
  return {
    ofMethod(method) {
      let policy = known.get(method);
      if (policy === undefined) known.set(method, (policy = defaultCallPolicy(method)));
      return policy;
    },
    ofService: () => defaultServicePolicy,
  };
}

export type {
  Balancing,
  BreakerPolicy,
  BulkheadPolicy,
  CallPolicy,
  EjectionPolicy,
  HedgePolicy,
  RetryPolicy,
  ServerPolicy,
  ServicePolicy,
} from "./call-policy.ts";
export {
  policyFor,
  type CallPolicyPatch,
  type ConfiguredService,
  type InstancesPatch,
  type PolicyConfiguration,
  type ServicePatch,
} from "./configuration.ts";
export {
  callFields,
  instancesFields,
  textOf,
  type FieldKind,
  type FieldTable,
  type FieldValue,
  type Layer,
} from "./fields.ts";
export {
  openPolicies,
  type InspectedService,
  type OpenPolicies,
  type PoliciesOptions,
} from "./open-policies.ts";
export { defaultPolicies, type Policies } from "./policies.ts";
export { parsePolicyKey, policyKey, policyPrefix, type PolicyKey } from "./policy-key.ts";
export { protoSaidOfInstances, protoSaidOfMethod } from "./proto-layers.ts";
export { readField } from "./read-fields.ts";
export { checkStored } from "./registry-policies.ts";
export { settleMethod, settleService, type Origin, type Said, type Settled } from "./settle.ts";
export { emptyPolicy, parseStored, printStored, type StoredPolicy } from "./stored-policy.ts";

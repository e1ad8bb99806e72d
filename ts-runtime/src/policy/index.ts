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
export { defaultPolicies, type Policies } from "./policies.ts";

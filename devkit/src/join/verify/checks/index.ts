// All checks, each behind those that it needs.
import type { Check } from "../check.ts";
import { apiChecks } from "./api.ts";
import { callChecks } from "./calls.ts";
import { descriptorChecks } from "./descriptors.ts";
import { healthChecks } from "./health.ts";
import { identityChecks } from "./identity.ts";
import { lifeChecks } from "./life.ts";
import { portCallChecks, portChecks } from "./port.ts";
import { reflectionChecks } from "./reflection.ts";
import { registrationChecks, registrationTruthChecks } from "./registration.ts";
import { registryChecks } from "./registry-check.ts";
import { tellChecks } from "./tells.ts";
import { topicChecks } from "./topics.ts";

export const allChecks: readonly Check[] = [
  ...registrationChecks,
  ...portChecks,
  ...reflectionChecks,
  ...healthChecks,
  ...registrationTruthChecks,
  ...registryChecks,
  ...portCallChecks,
  ...callChecks,
  ...descriptorChecks,
  ...apiChecks,
  ...topicChecks,
  ...tellChecks,
  ...identityChecks,
  ...lifeChecks,
];

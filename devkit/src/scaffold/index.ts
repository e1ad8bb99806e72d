// New projects, and new services in them, from templates.
export { kits, languages, type Language, type Step } from "./languages.ts";
export { namesOf } from "./names.ts";
export { findPackages } from "./packages.ts";
export { planProject } from "./plan-project.ts";
export { planService } from "./plan-service.ts";
export { ScaffoldError } from "./scaffold-error.ts";
export { checkPlan, writePlan, type Plan } from "./write-plan.ts";

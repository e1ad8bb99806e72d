// Whether a running service, whatever it is written in, keeps the joining contract.
export { VerifyOptionError } from "./options.ts";
export { RegistryUnanswered } from "./registry-reader.ts";
export { verifyService, type Finding, type VerifiedSubject, type VerifyReporter } from "./verify.ts";

export { keepRegistered, type RegistrationHandle } from "./register.ts";
export { resolveRegistration, type Registration, type RegistrationCheck } from "./resolve.ts";

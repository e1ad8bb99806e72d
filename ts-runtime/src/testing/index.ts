// The kit that users test with.
export { SamspelError } from "../errors/index.ts";

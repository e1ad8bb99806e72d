export { ApiPage } from "./api-page.tsx";
export { Composer } from "./composer.tsx";
export { describeMethod } from "./describe-method.ts";

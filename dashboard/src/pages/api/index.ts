export { ApiPage } from "./api-page.tsx";
export { Composer } from "./composer.tsx";
export { describeMethod } from "./describe-method.ts";
export { headersOf, pretty } from "./draft.ts";
export { RequestBody } from "./request-body.tsx";
export { parseSchema } from "./schema.ts";

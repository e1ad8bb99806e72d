export { ApiPage } from "./api-page.tsx";
export { Composer } from "./composer.tsx";
export { pathOf } from "./draft.ts";

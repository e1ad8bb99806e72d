export { createOpenApiPages, type OpenApiPages } from "./pages.ts";

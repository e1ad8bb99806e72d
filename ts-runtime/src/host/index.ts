export type { ServiceOptions } from "./options.ts";
export { serve, type Serving } from "./serve.ts";
export type { ServiceContext } from "./service-context.ts";
export { startService, type RunningService } from "./start-service.ts";

export { dashboard, ownServices, serviceClients } from "./clients.ts";
export { failureOf } from "./failure.ts";
export { connectionLost, services, servicesWith, system, trends, watchSystem } from "./system.ts";
export { maxAcross, useAcross, type Said } from "./use-across.ts";
export { useQuery } from "./use-query.ts";
export { watch } from "./watch.ts";

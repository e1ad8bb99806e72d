export { createGatewayMetrics, type GatewayMetrics } from "./metrics.ts";
export { createObserver, type RequestObserver } from "./observer.ts";

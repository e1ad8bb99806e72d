export { createGatewayMetrics, type GatewayMetrics } from "./metrics.ts";
export { createRequestSpans } from "./request-spans.ts";
export { createObserver, type RequestObserver } from "./observer.ts";

export { listenLive } from "./listen-live.ts";
export { decodeLive, type LiveContext } from "./live-message.ts";
export { livePublisher, type LivePublisher } from "./publish-live.ts";
export { runLiveSubscription } from "./run-live-subscription.ts";
export { subscribeLive, type LiveSubscription } from "./subscribe-live.ts";

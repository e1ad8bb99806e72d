export { publicationProgress } from "./publication-progress.ts";
export { from, publish, topic, type Publication } from "./publish.ts";
export { runPublication, type RunPublicationOptions } from "./run-publication.ts";

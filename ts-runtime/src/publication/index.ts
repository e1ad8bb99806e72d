export { publish, type Publication } from "./publish.ts";
export { runPublication, type RunPublicationOptions } from "./run-publication.ts";

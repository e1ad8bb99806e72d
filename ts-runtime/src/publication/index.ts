export {
  publish,
  type Publication,
  type PublicationContext,
  type PublicationHandler,
  type PublicationHandlers,
  type PublicationOptions,
} from "./publish.ts";
export { runPublication, type RunPublicationOptions } from "./run-publication.ts";

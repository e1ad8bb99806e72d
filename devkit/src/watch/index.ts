// Which files a service is made of, and which of them change.
export { rememberContents } from "./contents.ts";
export { serviceFiles, shownPath, type ServiceFiles } from "./service-files.ts";
export { filesBelow, watchFolders, type WatchedFolder } from "./watch-folders.ts";

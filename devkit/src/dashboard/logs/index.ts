// What services write.
export { readLine, readRecord } from "./log-line.ts";
export { anyLine, createLogStore, type LogStore } from "./log-store.ts";
export { lineMessage, watchLogs } from "./watch-logs.ts";

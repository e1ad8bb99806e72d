export {
  counted,
  durationMs,
  formatAgo,
  formatBytes,
  formatClock,
  formatCount,
  formatMs,
  formatRate,
  formatShare,
  timeMs,
  toDuration,
} from "./format.ts";
export { isJsonObject, parseJson, type Json } from "./json.ts";

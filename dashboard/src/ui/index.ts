export { Ago, CopyButton, Empty, Failed, Loading, Page, SureButton, Tabs, Tag } from "./basics.tsx";
export { Check, Field, FilterInput, Select, ServiceSelect } from "./fields.tsx";
export {
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
export { isJsonObject, JsonView, parseJson, type Json } from "./json-view.tsx";
export { Sparkline } from "./sparkline.tsx";
export { attempt, toast, Toasts } from "./toast.tsx";
export { VirtualList } from "./virtual-list.tsx";

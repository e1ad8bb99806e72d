export { Ago, CopyButton, Empty, Failed, Loading, Page, SureButton, Tabs, Tag } from "./basics.tsx";
export { Check, Field, FilterInput, Select, ServiceSelect } from "./fields.tsx";
export { JsonView } from "./json-view.tsx";
export { Sparkline } from "./sparkline.tsx";
export { attempt, toast, Toasts } from "./toast.tsx";
export { Values } from "./values.tsx";
export { VirtualList } from "./virtual-list.tsx";

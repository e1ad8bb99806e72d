export { LogLines } from "./log-lines.tsx";
export { LogsPage } from "./logs-page.tsx";

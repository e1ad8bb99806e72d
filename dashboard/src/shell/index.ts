export { Shell } from "./shell.tsx";
export { startShortcuts } from "./shortcuts.ts";
export { applyTheme } from "./theme.ts";

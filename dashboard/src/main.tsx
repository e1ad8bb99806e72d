// Mounts the pages.
import { render } from "preact";
import { startRouter } from "./router/index.ts";
import { applyTheme, Shell, startShortcuts } from "./shell/index.ts";

const root = document.getElementById("app");
applyTheme();
startRouter();
startShortcuts();
if (root !== null) render(<Shell />, root);

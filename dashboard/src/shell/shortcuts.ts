// Keys. A page's key follows `g`; `/` goes to the filter; the palette opens with Ctrl or Cmd and K from anywhere.
import { signal } from "@preact/signals";
import { href, navigate, pages } from "../router/index.ts";
import { nextTheme } from "./theme.ts";

type DialogName = "palette" | "help";

/** Which of the two dialogs is open. */
export const openDialog = signal<DialogName | undefined>(undefined);

/** Closes one, and not the other, which a key may have opened meanwhile: a dialog tells late that it was closed. */
export function closeDialog(name: DialogName): void {
  if (openDialog.value === name) openDialog.value = undefined;
}

/** The keys beside those of pages, for the help. */
export const otherKeys = [
  { keys: ["Ctrl", "K"], text: "Find anything: pages, services, methods" },
  { keys: ["/"], text: "Go to the filter of the page" },
  { keys: ["j"], text: "Next row" },
  { keys: ["k"], text: "Row before" },
  { keys: ["d"], text: "Light, dark, as the system" },
  { keys: ["?"], text: "This help" },
] as const;

// `g` waits so long for the key of a page.
const sequenceMs = 1200;

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  // A dialog that was closed keeps the focus until the next frame: what is pressed then is meant for the page.
  if (target.closest("dialog:not([open])") !== null) return false;
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Moves the focus along the rows of the page: whatever has `data-row`. */
function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")];
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = rows[at === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Begins to listen. */
export function startShortcuts(): void {
  let pendingUntil = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openDialog.value = openDialog.value === "palette" ? undefined : "palette";
      return;
    }
    if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]") !== null) return;
    if (performance.now() < pendingUntil) {
      pendingUntil = 0;
      const page = pages.find(({ key }) => key === event.key);
      if (page === undefined) return;
      event.preventDefault();
      navigate(href(page.id));
      return;
    }
    switch (event.key) {
      case "g":
        pendingUntil = performance.now() + sequenceMs;
        break;
      case "/": {
        const filter = document.querySelector<HTMLInputElement>("main [data-filter]");
        if (filter === null) return;
        event.preventDefault();
        filter.select();
        break;
      }
      case "j":
        moveRow(1);
        break;
      case "k":
        moveRow(-1);
        break;
      case "d":
        nextTheme();
        break;
      case "?":
        openDialog.value = "help";
        break;
      default:
    }
  });
}

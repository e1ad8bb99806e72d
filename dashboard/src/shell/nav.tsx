// The way to all pages.
import type { VNode } from "preact";
import { counted } from "../format/index.ts";
import { useEffect, useState } from "preact/hooks";
import { connectionLost, services, system } from "../api/index.ts";
import { href, pages, route } from "../router/index.ts";
import { openDialog } from "./shortcuts.ts";
import { nextTheme, theme } from "./theme.ts";

const themeNames = { system: "As the system", light: "Light", dark: "Dark" } as const;

/** On wide screens a column, on a phone a sheet behind a button. */
export function Nav(): VNode {
  const [open, setOpen] = useState(false);
  const at = route.value;
  useEffect(() => setOpen(false), [at]);
  return (
    <header class="side">
      <div class="side-top">
        <a class="wordmark" href={href("system")} aria-label="Samspel: system">
          <Mark />
          samspel
        </a>
        <button
          type="button"
          class="menu-button"
          aria-expanded={open}
          aria-controls="pages"
          onClick={() => setOpen(!open)}
        >
          {pages.find(({ id }) => id === at.page)?.title ?? "Pages"}
        </button>
      </div>
      <div class={open ? "side-sheet open" : "side-sheet"} id="pages">
        <p class="side-system">
          <span
            class={connectionLost.value === undefined ? "pulse" : "pulse pulse-lost"}
            aria-hidden="true"
          />
          <span class="side-name">{system.value?.name ?? "…"}</span>
          <span class="faint">{counted(services.value.length, "service")}</span>
        </p>
        <nav aria-label="Pages">
          <ul>
            {pages.map(({ id, title, key }) => (
              <li key={id}>
                <a href={href(id)} aria-current={at.page === id ? "page" : undefined}>
                  {title}
                  <span class="key-hint" aria-hidden="true">
                    g {key}
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <button
            type="button"
            class="find-button"
            onClick={() => {
              openDialog.value = "palette";
            }}
          >
            Find … <kbd>Ctrl K</kbd>
          </button>
          <button
            type="button"
            class="quiet"
            onClick={nextTheme}
            aria-label={`Look: ${themeNames[theme.value]}`}
          >
            {themeNames[theme.value]}
          </button>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              openDialog.value = "help";
            }}
          >
            Keys <kbd>?</kbd>
          </button>
        </div>
      </div>
    </header>
  );
}

function Mark(): VNode {
  return (
    <svg viewBox="0 0 32 24" aria-hidden="true" class="mark">
      <path d="M5 17C10 4 13 5 16 12s6 8 11-5" />
      <circle cx="5" cy="17" r="3.4" />
      <circle cx="27" cy="7" r="3.4" />
    </svg>
  );
}

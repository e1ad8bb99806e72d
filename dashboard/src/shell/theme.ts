// Light or dark: as the system has it, until somebody chooses.
import { signal } from "@preact/signals";

const themes = ["system", "light", "dark"] as const;

/** What somebody chose. */
export type Theme = (typeof themes)[number];

const storageKey = "samspel.theme";

function stored(): Theme {
  const value = localStorage.getItem(storageKey);
  return themes.find((theme) => theme === value) ?? "system";
}

/** What holds. */
export const theme = signal<Theme>(stored());

/** Has the document follow. */
export function applyTheme(next: Theme = theme.value): void {
  theme.value = next;
  if (next === "system") {
    localStorage.removeItem(storageKey);
    document.documentElement.removeAttribute("data-theme");
  } else {
    localStorage.setItem(storageKey, next);
    document.documentElement.setAttribute("data-theme", next);
  }
}

/** System, light, dark, and round again. */
export function nextTheme(): void {
  applyTheme(themes[(themes.indexOf(theme.value) + 1) % themes.length]);
}

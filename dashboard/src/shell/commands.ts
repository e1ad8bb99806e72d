// What the palette finds: pages, services and what can be done with them, methods.
import type { Method, Service } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { ServiceAction } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard } from "../api/index.ts";
import { href, navigate, pages } from "../router/index.ts";
import { attempt } from "../ui/index.ts";
import { nextTheme } from "./theme.ts";

/** Something to go to, or to do. */
export interface Command {
  readonly id: string;
  readonly group: string;
  readonly text: string;
  readonly run: () => void;
}

const maxFound = 40;

/** All that there is. */
export function listCommands(
  services: readonly Service[],
  methods: readonly Method[],
  controllable: boolean,
): readonly Command[] {
  const go = (group: string, text: string, to: string): Command => ({
    id: `${group}/${text}`,
    group,
    text,
    run: () => navigate(to),
  });
  return [
    ...pages.map(({ id, title }) => go("Page", title, href(id))),
    ...services.map(({ name }) => go("Service", name, href("system", { service: name }))),
    ...methods.map(({ protoService, name }) =>
      go("Method", `${protoService}/${name}`, href("api", { method: `${protoService}/${name}` })),
    ),
    ...services.flatMap(({ name }) => [
      go("Logs of", name, href("logs", { service: name })),
      go("Traces of", name, href("traces", { service: name })),
      go("Configuration of", name, href("configuration", { service: name })),
    ]),
    ...services
      .filter(({ managed }) => managed && controllable)
      .map(({ name }) => ({
        id: `Restart/${name}`,
        group: "Restart",
        text: name,
        run: () => void restart(name),
      })),
    { id: "theme", group: "Look", text: "Light, dark, as the system", run: nextTheme },
  ];
}

function restart(service: string): Promise<boolean> {
  return attempt(`${service} starts anew`, () =>
    dashboard.controlService({ service, action: ServiceAction.RESTART }),
  );
}

/** How well a text fits: each word must be in it; where words begin counts more, short texts are better. */
function score(text: string, words: readonly string[]): number {
  let sum = 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at === -1) return -1;
    const before = text[at - 1];
    sum += at === 0 ? 4 : before === " " || before === "." || before === "/" || before === "-" ? 3 : 1;
  }
  return sum - text.length / 200;
}

/** The best 40 for what somebody typed. */
export function findCommands(commands: readonly Command[], typed: string): readonly Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return commands.slice(0, maxFound);
  return commands
    .map((command) => ({ command, points: score(`${command.group} ${command.text}`.toLowerCase(), words) }))
    .filter(({ points }) => points >= 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, maxFound)
    .map(({ command }) => command);
}

// What the palette finds: pages, services and what can be done with them, methods.
import type { Method, Service } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { ServiceAction } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard } from "../api/index.ts";
import { href, navigate, pages } from "../router/index.ts";
import { attempt } from "../ui/index.ts";
import type { Command } from "./find.ts";
import { nextTheme } from "./theme.ts";

/** All that there is. */
export function listCommands(
  services: readonly Service[],
  methods: readonly Method[],
  controllable: boolean,
): readonly Command[] {
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

function go(group: string, text: string, to: string): Command {
  return { id: `${group}/${text}`, group, text, run: () => navigate(to) };
}

function restart(service: string): Promise<boolean> {
  return attempt(`${service} starts anew`, () =>
    dashboard.controlService({ service, action: ServiceAction.RESTART }),
  );
}

// What stands around every page.
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { connectionLost, system, watchSystem } from "../api/index.ts";
import { href, pages, route, type PageId } from "../router/index.ts";
import { Empty, Page, Toasts } from "../ui/index.ts";
import { ApiPage } from "../pages/api/index.ts";
import { ConfigurationPage } from "../pages/configuration/index.ts";
import { EntitiesPage } from "../pages/entities/index.ts";
import { LogsPage } from "../pages/logs/index.ts";
import { ProjectionsPage } from "../pages/projections/index.ts";
import { SystemPage } from "../pages/system/index.ts";
import { TellsPage } from "../pages/tells/index.ts";
import { TopicsPage } from "../pages/topics/index.ts";
import { TracesPage } from "../pages/traces/index.ts";
import { Help } from "./help.tsx";
import { Nav } from "./nav.tsx";
import { Palette } from "./palette.tsx";
import { openDialog } from "./shortcuts.ts";

const views: Readonly<Record<PageId, () => VNode>> = {
  system: SystemPage,
  api: ApiPage,
  traces: TracesPage,
  entities: EntitiesPage,
  topics: TopicsPage,
  projections: ProjectionsPage,
  tells: TellsPage,
  logs: LogsPage,
  configuration: ConfigurationPage,
};

/** The whole. */
export function Shell(): VNode {
  useEffect(() => watchSystem(), []);
  const { page } = route.value;
  const title = pages.find(({ id }) => id === page)?.title ?? "No such page";
  const name = system.value?.name;
  useEffect(() => {
    document.title = name === undefined ? `${title} – Samspel` : `${title} – ${name} – Samspel`;
  }, [title, name]);
  const first = useRef(true);
  useEffect(() => {
    // Who hears the page, or goes on by Tab, begins with what is new.
    if (!first.current) document.getElementById("main")?.focus({ preventScroll: true });
    first.current = false;
  }, [page]);
  const View = page === undefined ? NoSuchPage : views[page];
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <Nav />
      <main id="main" tabIndex={-1}>
        {connectionLost.value !== undefined && (
          <p class="lost" role="status">
            Nothing new comes from the dashboard's server: {connectionLost.value}. What shows is what was last
            known; it is tried again by itself.
          </p>
        )}
        <View />
      </main>
      <Toasts />
      {openDialog.value === "palette" && <Palette />}
      {openDialog.value === "help" && <Help />}
    </>
  );
}

function NoSuchPage(): VNode {
  return (
    <Page title="No such page">
      <Empty title="Nothing has this address">
        <a href={href("system")}>To the system</a>, or find it with <kbd>Ctrl K</kbd>.
      </Empty>
    </Page>
  );
}

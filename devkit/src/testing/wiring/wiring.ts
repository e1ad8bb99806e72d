// Who reaches whom: an edge from each member to each other one and to each part of infra, so that faults can be made on it.
//
//   W1. Nobody gets another's true address: in the registry he sees where his edge to it begins (registry-view.ts), and in
//       his environment where his edges to infra begin.
//   W2. Where an edge begins stays the same while its target is the same, whatever faults come and go.
//   W3. A target that is gone is refused where the edge begins, as it is where it was: a caller must see that his call never
//       arrived. So each life of a member has a port of its own, and nothing is opened again.
import {
  createEdge,
  createLine,
  openLink,
  type Edge,
  type Line,
  type Link,
  type Target,
} from "../faults/index.ts";
import { openRegistryView, type RegistryView } from "./registry-view.ts";

/** What every member needs. */
export const infraNames = ["postgres", "nats", "registry"] as const;
export type InfraName = (typeof infraNames)[number];

export type InfraUrls = Readonly<Record<InfraName, string>>;

export interface Wiring {
  /** Infra as this member reaches it. */
  infraOf(member: string): Promise<InfraUrls>;
  /** Notes that a port is this member's: its name alone does not tell, where two members are instances of one service. */
  claimPort(member: string, port: number): void;
  /** Notes that nobody listens on a port any more. */
  retirePort(port: number): void;
  between(from: string, to: string): Edge;
  /** From all members to this one, or to a part of infra. */
  to(target: string): Edge;
  /** To and from a member. */
  around(member: string): Edge;
  /** Lifts all faults. */
  heal(): void;
  close(): Promise<void>;
}

const defaultPorts: Readonly<Record<InfraName, number>> = { postgres: 5432, nats: 4222, registry: 8500 };

/** Lays edges between the members; `infra` are the true addresses. */
export function createWiring(members: readonly string[], infra: InfraUrls): Wiring {
  const lines = new Map<string, Line>();
  const links = new Map<string, { readonly target: Target; readonly link: Promise<Link> }>();
  const views: RegistryView[] = [];
  const owners = new Map<number, string>();
  const retired = new Set<number>();
  for (const from of members) {
    for (const to of [...members, ...infraNames]) {
      if (from !== to) lines.set(`${from} → ${to}`, createLine(`${from} → ${to}`));
    }
  }

  const lineOf = (from: string, to: string): Line | undefined => lines.get(`${from} → ${to}`);
  const linkOf = async (line: Line, target: Target): Promise<Link> => {
    const key = `${line.name} ${target.host} ${target.port}`;
    const known = links.get(key) ?? { target, link: openLink(line, target) };
    links.set(key, known);
    const link = await known.link;
    if (retired.has(target.port)) link.close();
    return link;
  };
  const linesWhere = (holds: (from: string, to: string) => boolean): readonly Line[] =>
    [...lines].filter(([name]) => holds(...(name.split(" → ") as [string, string]))).map(([, line]) => line);

  /** Its own instance is not moved: nobody calls himself over the network to be disturbed. */
  const placeFor =
    (member: string) =>
    async ({ service, host, port }: Target & { readonly service: string }) => {
      const line = lineOf(member, owners.get(port) ?? service);
      return line === undefined ? undefined : linkOf(line, { host, port });
    };

  const reach = async (member: string, name: InfraName, target: Target): Promise<string> => {
    const line = lineOf(member, name);
    if (line === undefined) throw new TypeError(`${member} is no member of this system`);
    const link = await linkOf(line, target);
    const url = new URL(infra[name]);
    url.hostname = link.host;
    url.port = String(link.port);
    return name === "registry" ? url.origin : url.href;
  };
  const targetOf = (name: InfraName): Target => {
    const { hostname, port } = new URL(infra[name]);
    return { host: hostname, port: port === "" ? defaultPorts[name] : Number(port) };
  };

  return {
    async infraOf(member) {
      const view = await openRegistryView({ registryUrl: infra.registry, place: placeFor(member) });
      views.push(view);
      return {
        postgres: await reach(member, "postgres", targetOf("postgres")),
        nats: await reach(member, "nats", targetOf("nats")),
        registry: await reach(member, "registry", { host: view.host, port: view.port }),
      };
    },
    claimPort: (member, port) => void owners.set(port, member),
    retirePort(port) {
      retired.add(port);
      for (const { target, link } of links.values())
        if (target.port === port) void link.then((opened) => opened.close());
    },
    between(from, to) {
      const line = lineOf(from, to);
      if (line !== undefined) return createEdge(line.name, [line]);
      const known = [...lines.keys()].join(", ");
      throw new TypeError(`There is no edge ${from} → ${to}: there are ${known}`);
    },
    to: (target) =>
      createEdge(
        `all → ${target}`,
        linesWhere((_, to) => to === target),
      ),
    around: (member) =>
      createEdge(
        `all around ${member}`,
        linesWhere((from, to) => from === member || to === member),
      ),
    heal() {
      for (const line of lines.values()) line.heal();
    },
    async close() {
      for (const line of lines.values()) line.reset();
      for (const { link } of links.values()) (await link).close();
      await Promise.all(views.map((view) => view.close()));
    },
  };
}

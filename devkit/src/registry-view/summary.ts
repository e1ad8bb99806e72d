// What is registered, service by service.
import type { Health, InstanceState } from "@samspel/registry";

/** One service: its instances together. */
export interface ServiceSummary {
  readonly name: string;
  readonly instances: Readonly<Record<Health, number>>;
  /** The versions that run now; several during a deploy. */
  readonly versions: readonly string[];
  readonly languages: readonly string[];
  readonly protoServices: readonly string[];
  /** Whether its instances want TLS. */
  readonly secure: "yes" | "no" | "some";
}

/** The services of these instances, by name. */
export function summarize(states: readonly InstanceState[]): readonly ServiceSummary[] {
  return [...Map.groupBy(states, ({ service }) => service)].map(([name, instances]) => {
    const all = (key: string): readonly string[] =>
      distinct(instances.map(({ meta }) => meta[key] ?? "").filter((value) => value !== ""));
    const secure = instances.filter(({ meta }) => meta["secure"] === "true").length;
    return {
      name,
      instances: countByHealth(instances),
      versions: all("version"),
      languages: all("lang"),
      protoServices: distinct(instances.flatMap(({ protoServices }) => protoServices)),
      secure: secure === 0 ? "no" : secure === instances.length ? "yes" : "some",
    };
  });
}

function countByHealth(instances: readonly InstanceState[]): Readonly<Record<Health, number>> {
  const counts = { passing: 0, warning: 0, maintenance: 0, critical: 0 };
  for (const { health } of instances) counts[health] += 1;
  return counts;
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted();
}

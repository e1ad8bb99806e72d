// The map: who calls, tells and publishes to whom, now.
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Edge, Service } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { href } from "../../router/index.ts";
import { formatMs, formatRate, formatShare } from "../../format/index.ts";
import { curve } from "./map-curve.ts";
import { layoutMap, nodeSize, wayKey, type MapLayout, type MapPlace } from "./map-layout.ts";
import { mapModel, unknownCaller, type MapLine } from "./map-model.ts";
import { stateOf } from "./service-state.ts";

/** Draws the system; a service of it opens when it is chosen. */
export function SystemMap({
  services,
  edges,
  chosen,
}: {
  readonly services: readonly Service[];
  readonly edges: readonly Edge[];
  readonly chosen: string | undefined;
}): VNode {
  const [hovered, setHovered] = useState<string | undefined>(undefined);
  const model = useMemo(() => mapModel(services, edges, chosen), [services, edges, chosen]);
  const shape = `${model.names.toSorted().join()}|${model.lines
    .map(({ id }) => id)
    .toSorted()
    .join()}`;
  const layout = useMemo(() => layoutMap(model.names, model.lines), [shape]);
  const byName = useMemo(() => new Map(services.map((service) => [service.name, service])), [services]);
  const lit = hovered ?? chosen;
  const isLit = (line: MapLine): boolean => lit === undefined || line.source === lit || line.target === lit;
  const near = new Set(model.lines.filter(isLit).flatMap(({ source, target }) => [source, target]));
  return (
    <figure class="map">
      <div class="map-scroll" tabIndex={0} role="group" aria-label="Map of the system">
        <svg
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          style={{
            maxWidth: `${layout.width * 1.15}px`,
            minWidth: `${layout.width * 0.66}px`,
          }}
          class={lit === undefined ? "" : "map-lit"}
        >
          {model.lines.map((line) => (
            <Line
              key={line.id}
              line={line}
              layout={layout}
              lit={isLit(line)}
              label={model.lines.length <= 14 || (lit !== undefined && isLit(line))}
            />
          ))}
          {model.names.map((name) => {
            const place = layout.places.get(name);
            return place === undefined ? undefined : (
              <Node
                key={name}
                place={place}
                service={byName.get(name)}
                chosen={name === chosen}
                dim={lit !== undefined && name !== lit && !near.has(name)}
                onHover={(on) => setHovered(on ? name : undefined)}
              />
            );
          })}
        </svg>
      </div>
      <figcaption>
        <span class="legend legend-ask">calls</span>
        <span class="legend legend-tell">tells</span>
        <span class="legend legend-topic">publishes to</span>
        <span class="faint">
          of the last minute
          {model.hidden > 0 &&
            ` · ${chosen === undefined ? "the busiest" : `what is around ${chosen}`}; ${model.hidden} more are in the list`}
        </span>
      </figcaption>
    </figure>
  );
}

function Node({
  place,
  service,
  chosen,
  dim,
  onHover,
}: {
  readonly place: MapPlace;
  readonly service: Service | undefined;
  readonly chosen: boolean;
  readonly dim: boolean;
  readonly onHover: (on: boolean) => void;
}): VNode {
  const { width, height } = nodeSize;
  const name = place.name;
  const text = name.length > 20 ? `${name.slice(0, 19)}…` : name;
  if (service === undefined) {
    return (
      <g
        class={`node node-outside ${dim ? "dim" : ""}`}
        transform={`translate(${place.x - width / 2} ${place.y - height / 2})`}
      >
        <rect y="7" width={width} height={height - 14} rx="20" />
        <text x={width / 2} y={height / 2 + 4.5} text-anchor="middle">
          {name === unknownCaller ? "outside" : text}
        </text>
      </g>
    );
  }
  const state = stateOf(service);
  const rate = formatRate(service.traffic?.count ?? 0n);
  const count = service.instances.length;
  return (
    <a
      href={href("system", { service: chosen ? undefined : name })}
      class={`node node-${state.tone} ${chosen ? "chosen" : ""} ${dim ? "dim" : ""}`}
      aria-current={chosen ? "true" : undefined}
      onMouseEnter={() => onHover(true)}
      onMouseLeave={() => onHover(false)}
      onFocus={() => onHover(true)}
      onBlur={() => onHover(false)}
    >
      <title>{`${state.text}, ${count} ${count === 1 ? "instance" : "instances"}`}</title>
      <g transform={`translate(${place.x - width / 2} ${place.y - height / 2})`}>
        <rect class="node-box" width={width} height={height} rx="10" />
        <circle class="node-state" cx="17" cy="20" r="4.5" />
        <text class="node-name" x="30" y="24.5">
          {text}
        </text>
        <text class="node-sub" x="30" y="42">
          {service.language === "" ? state.text : service.language}
          {count > 1 ? ` × ${count}` : ""}
        </text>
        <text class="node-rate" x={width - 14} y="42" text-anchor="end">
          {state.tone === "good" ? rate : state.text}
        </text>
      </g>
    </a>
  );
}

function Line({
  line,
  layout,
  lit,
  label,
}: {
  readonly line: MapLine;
  readonly layout: MapLayout;
  readonly lit: boolean;
  readonly label: boolean;
}): VNode | undefined {
  const from = layout.places.get(line.source);
  const to = layout.places.get(line.target);
  if (from === undefined || to === undefined) return undefined;
  const { path, x, y } = curve(from, to, line.kind, layout.ways.get(wayKey(line)) ?? []);
  const perSecond = line.count / 60;
  const pace = perSecond > 20 ? "fast" : perSecond > 2 ? "steady" : "slow";
  const share = formatShare(line.errors, line.count);
  return (
    <g class={`line line-${line.kind} ${line.errors > 0 ? "line-bad" : ""} ${lit ? "" : "dim"}`}>
      <title>
        {`${line.source} → ${line.target}: ${line.subjects.join(", ")}, ${formatRate(line.count)}, p50 ${formatMs(line.p50Ms)}, p99 ${formatMs(line.p99Ms)}${share === "" ? "" : `, ${share} failed`}`}
      </title>
      <path
        class="line-path"
        d={path}
        style={{ strokeWidth: `${(1.3 + Math.log10(1 + perSecond) * 1.1).toFixed(2)}px` }}
      />
      {perSecond > 0 && <path class={`line-flow line-${pace}`} d={path} />}
      {label && line.count > 0 && (
        <text class="line-label" x={x} y={y} text-anchor="middle">
          {share === "" ? formatRate(line.count) : `${formatRate(line.count)}, ${share} bad`}
        </text>
      )}
    </g>
  );
}

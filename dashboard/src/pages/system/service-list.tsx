// The list of services: what the map has no room for.
import type { VNode } from "preact";
import type { Service } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { trends } from "../../api/index.ts";
import { href } from "../../router/index.ts";
import { durationMs, formatMs, formatRate, formatShare } from "../../format/index.ts";
import { Sparkline, VirtualList } from "../../ui/index.ts";
import { stateOf, versionsOf } from "./service-state.ts";

const rowHeight = 46;

/** One row each. */
export function ServiceList({
  services,
  chosen,
}: {
  readonly services: readonly Service[];
  readonly chosen: string | undefined;
}): VNode {
  return (
    <VirtualList
      items={services}
      rowHeight={rowHeight}
      label="Services"
      role="table"
      class={services.length > 60 ? "service-table tall" : "service-table"}
      keyOf={(service) => service.name}
      head={
        <div class="row row-head" role="row">
          {["Service", "State", "Instances", "Served", "Failed", "p50", "p99", "Lately"].map((title) => (
            <span key={title} role="columnheader" class={`cell-${title.toLowerCase()}`}>
              {title}
            </span>
          ))}
        </div>
      }
      row={(service) => <ServiceRow service={service} chosen={service.name === chosen} />}
    />
  );
}

function ServiceRow({ service, chosen }: { readonly service: Service; readonly chosen: boolean }): VNode {
  const state = stateOf(service);
  const { traffic } = service;
  const failed = formatShare(traffic?.errors ?? 0n, traffic?.count ?? 0n);
  return (
    <div class={`row ${chosen ? "row-chosen" : ""}`} role="row">
      <span role="cell" class="cell-service">
        <a href={href("system", { service: service.name })} data-row>
          {service.name}
        </a>
        <span class="faint">
          {service.language} {versionsOf(service)}
        </span>
      </span>
      <span role="cell" class={`cell-state tone-${state.tone}`}>
        <span class="dot" aria-hidden="true" />
        {state.text}
      </span>
      <span role="cell" class="cell-instances">
        {service.instances.length}
      </span>
      <span role="cell" class="cell-served">
        {formatRate(traffic?.count ?? 0n)}
      </span>
      <span role="cell" class={`cell-failed ${failed === "" ? "" : "tone-bad"}`}>
        {failed}
      </span>
      <span role="cell" class="cell-p50">
        {traffic === undefined || traffic.count === 0n ? "" : formatMs(durationMs(traffic.p50))}
      </span>
      <span role="cell" class="cell-p99">
        {traffic === undefined || traffic.count === 0n ? "" : formatMs(durationMs(traffic.p99))}
      </span>
      <span role="cell" class="cell-lately">
        <Sparkline values={trends.of(service.name)} />
      </span>
    </div>
  );
}

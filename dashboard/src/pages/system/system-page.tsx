// The first page: the whole system at a glance.
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { InfraPart } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { connectionLost, system } from "../../api/index.ts";
import { param } from "../../router/index.ts";
import { Empty, FilterInput, Loading, Page } from "../../ui/index.ts";
import { Problems } from "./problems.tsx";
import { ServiceDetail } from "./service-detail.tsx";
import { ServiceList } from "./service-list.tsx";
import { stateOf } from "./service-state.ts";
import { SystemMap } from "./system-map.tsx";

/** Map, list, problems. */
export function SystemPage(): VNode {
  const now = system.value;
  const [filter, setFilter] = useState("");
  const chosen = param("service");
  const all = now?.services;
  const listed = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    return (all ?? []).filter((service) => {
      const text = `${service.name} ${service.language} ${stateOf(service).text} ${service.protoServices.join(" ")}`;
      return words.every((word) => text.toLowerCase().includes(word));
    });
  }, [all, filter]);
  const edges = now?.edges;
  const name = all?.some((service) => service.name === chosen) === true ? chosen : undefined;
  // Not drawn anew while somebody types into the filter.
  const map = useMemo(
    () => <SystemMap services={all ?? []} edges={edges ?? []} chosen={name} />,
    [all, edges, name],
  );
  if (now === undefined || all === undefined) {
    return (
      <Page title="System">
        {connectionLost.value === undefined ? (
          <Loading what="the system" />
        ) : (
          <Empty title="No system yet">
            The dashboard's server does not answer. Is <code>samspel dev</code> running?
          </Empty>
        )}
      </Page>
    );
  }
  const service = all.find(({ name }) => name === chosen);
  const well = all.filter((one) => stateOf(one).tone === "good").length;
  return (
    <Page
      title={now.name === "" ? "System" : now.name}
      lead={
        all.length === 0
          ? undefined
          : well === all.length
            ? all.length === 1
              ? "The service is well."
              : `All ${all.length} services are well.`
            : `${well} of ${all.length} services are well.`
      }
      actions={<InfraLine infra={now.infra} gateway={now.gatewayUrl} />}
    >
      <Problems problems={now.problems} />
      {all.length === 0 ? (
        <Empty title="No service yet">
          Services appear here when they register. In a project, <code>samspel dev</code> starts them all; a
          program in any language joins with <code>samspel join</code>.
        </Empty>
      ) : (
        <div class={service === undefined ? "system" : "system with-detail"}>
          <div class="system-main">
            {map}
            <div class="list-head">
              <h2>Services</h2>
              <FilterInput label="Filter services" value={filter} onInput={setFilter} />
              <span class="faint" role="status">
                {listed.length === all.length ? `${all.length}` : `${listed.length} of ${all.length}`}
              </span>
            </div>
            {listed.length === 0 ? (
              <Empty title="No service is like that">
                The filter looks at names, languages, states and proto services.
              </Empty>
            ) : (
              <ServiceList services={listed} chosen={service?.name} />
            )}
          </div>
          {service !== undefined && (
            <ServiceDetail
              key={service.name}
              service={service}
              edges={now.edges}
              controllable={now.controllable}
            />
          )}
        </div>
      )}
    </Page>
  );
}

function InfraLine({
  infra,
  gateway,
}: {
  readonly infra: readonly InfraPart[];
  readonly gateway: string;
}): VNode {
  return (
    <ul class="infra" aria-label="Infrastructure">
      {infra.map((part) => (
        <li key={part.name} title={`${part.description} ${part.url}`}>
          <span class={part.up ? "tone-good" : "tone-bad"}>
            <span class="dot" aria-hidden="true" />
          </span>
          {part.name}
          {!part.up && <span class="tone-bad"> down</span>}
        </li>
      ))}
      {gateway !== "" && (
        <li>
          <a href={gateway} target="_blank" rel="noreferrer">
            gateway
          </a>
        </li>
      )}
    </ul>
  );
}

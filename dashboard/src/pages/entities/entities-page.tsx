// The entities of all services: found by type and id.
import type { VNode } from "preact";
import type { EntityType } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { ownServices, serviceClients, servicesWith, useQuery } from "../../api/index.ts";
import { href, param, setParams } from "../../router/index.ts";
import { Empty, Failed, Loading, Page, ServiceSelect } from "../../ui/index.ts";
import { countText } from "./count.ts";
import { EntityList } from "./entity-list.tsx";
import { EntityView } from "./entity-view.tsx";

/** Types, ids, or one entity. */
export function EntitiesPage(): VNode {
  const able = servicesWith(ownServices.inspection);
  const service = param("service") ?? able[0] ?? "";
  const types = useQuery(service === "" ? undefined : `types/${service}`, (signal) =>
    serviceClients(service).inspection.listEntityTypes({}, { signal }),
  );
  const all = types.data?.entityTypes ?? [];
  const type = all.find(({ name }) => name === param("type")) ?? all[0];
  const id = param("id");
  if (type !== undefined && id !== undefined) {
    return <EntityView key={`${service}/${type.name}/${id}`} service={service} type={type} id={id} />;
  }
  return (
    <Page title="Entities" lead="What there is, what happened to it, and what it was at any time.">
      <div class="filters">
        <ServiceSelect
          value={service}
          names={able}
          all={false}
          onChange={(next) => setParams({ service: next, type: undefined, prefix: undefined })}
        />
      </div>
      {able.length === 0 && (
        <Empty title="No service shows entities">
          Services with entities serve <code>samspel.v1.InspectionService</code>, which is off in production
          unless it is asked for.
        </Empty>
      )}
      {types.error !== undefined && <Failed error={types.error} retry={types.refresh} />}
      {types.loading && <Loading what="types of entities" />}
      {types.data !== undefined && all.length === 0 && (
        <Empty title={`${service} has no entities`}>
          A service defines them with <code>defineEntity</code>.
        </Empty>
      )}
      {all.length > 0 && type !== undefined && (
        <>
          <Types types={all} chosen={type} service={service} />
          <EntityList key={`${service}/${type.name}`} service={service} type={type} />
        </>
      )}
    </Page>
  );
}

function Types({
  types,
  chosen,
  service,
}: {
  readonly types: readonly EntityType[];
  readonly chosen: EntityType;
  readonly service: string;
}): VNode {
  return (
    <ul class="types" aria-label="Types">
      {types.map((type) => (
        <li key={type.name}>
          <a
            class="card"
            href={href("entities", { service, type: type.name })}
            aria-current={type.name === chosen.name ? "true" : undefined}
          >
            <strong>{type.name}</strong>
            <span class="faint">
              {countText(type.entities, "entity", "entities")} · {countText(type.events, "event")}
            </span>
            <span class="faint">events: {type.eventCases.join(", ")}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

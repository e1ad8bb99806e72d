// The entities of a type, by their ids.
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { EntitySummary, EntityType } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { serviceClients, useQuery } from "../../api/index.ts";
import { href, navigate, param, setParams } from "../../router/index.ts";
import { timeMs } from "../../format/index.ts";
import { Ago, Empty, Failed, FilterInput, Loading } from "../../ui/index.ts";

const pageSize = 100;

/** A page, and more when somebody asks. */
export function EntityList({
  service,
  type,
}: {
  readonly service: string;
  readonly type: EntityType;
}): VNode {
  const prefix = param("prefix") ?? "";
  const [more, setMore] = useState<readonly EntitySummary[]>([]);
  const [token, setToken] = useState<string | undefined>(undefined);
  const { inspection } = serviceClients(service);
  const answer = useQuery(`${service}/${type.name}/${prefix}`, (signal) =>
    inspection.listEntities({ entityType: type.name, idPrefix: prefix, limit: pageSize }, { signal }),
  );
  useEffect(() => {
    setMore([]);
    setToken(answer.data?.nextPageToken);
  }, [answer.data]);
  const next = async (): Promise<void> => {
    const page = await inspection.listEntities({
      entityType: type.name,
      idPrefix: prefix,
      limit: pageSize,
      pageToken: token ?? "",
    });
    setMore((old) => [...old, ...page.entities]);
    setToken(page.nextPageToken);
  };
  const entities = [...(answer.data?.entities ?? []), ...more];
  return (
    <>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          if (prefix !== "") navigate(href("entities", { service, type: type.name, id: prefix }));
        }}
      >
        <FilterInput
          label={`Ids of ${type.name} that begin with`}
          value={prefix}
          onInput={(text) => setParams({ prefix: text })}
        />
        <button type="submit" class="quiet" disabled={prefix === ""}>
          Open this id
        </button>
        <button type="button" class="quiet" onClick={answer.refresh}>
          Refresh
        </button>
      </form>
      {answer.error !== undefined && <Failed error={answer.error} retry={answer.refresh} />}
      {answer.loading && <Loading what="entities" />}
      {answer.data !== undefined && entities.length === 0 && (
        <Empty title={prefix === "" ? `No ${type.name} yet` : `No ${type.name} begins with “${prefix}”`}>
          An entity comes into being with its first event. Send it a command from{" "}
          <a href={href("api", { filter: type.service })}>the API page</a>.
        </Empty>
      )}
      {entities.length > 0 && (
        <ul class="entity-list">
          {entities.map((entity) => (
            <li key={entity.entityId}>
              <a data-row href={href("entities", { service, type: type.name, id: entity.entityId })}>
                <span class="mono">{entity.entityId}</span>
                <span class="faint">revision {String(entity.revision)}</span>
                <span class="faint">
                  <Ago ms={timeMs(entity.lastEventTime)} />
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {token !== undefined && token !== "" && (
        <button type="button" onClick={() => void next()}>
          More
        </button>
      )}
    </>
  );
}

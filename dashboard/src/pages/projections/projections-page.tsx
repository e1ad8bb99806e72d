// Projections of all services: how far they are, and their switches.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import {
  WorkState,
  type ProjectionBuild,
  type ProjectionStatus,
} from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { serviceClients, useAcross } from "../../api/index.ts";
import { formatCount } from "../../format/index.ts";
import { attempt, Empty, Loading, Page, SureButton, Tag } from "../../ui/index.ts";
import { LagText, Parts, ServicesAsked, servicesAsked, WorkStateText } from "../background/index.ts";
import { ParkedEvents } from "./parked-events.tsx";

/** One card each. */
export function ProjectionsPage(): VNode {
  const answer = useAcross("projections", servicesAsked(), (service, signal) =>
    serviceClients(service).backoffice.listProjections({}, { signal }),
  );
  const said = answer.data ?? [];
  const all = said.flatMap(({ service, value }) =>
    (value?.projections ?? []).map((projection) => ({ service, projection })),
  );
  return (
    <Page
      title="Projections"
      lead="Tables kept from events: how far each is behind, and what it could not apply."
    >
      <ServicesAsked said={said} />
      {answer.loading && <Loading what="projections" />}
      {answer.data !== undefined && all.length === 0 && (
        <Empty title="No projection">
          A projection makes tables from the events of entities, for queries. Services that define some show
          them here.
        </Empty>
      )}
      <ul class="cards">
        {all.map(({ service, projection }) => (
          <ProjectionCard
            key={`${service}/${projection.name}`}
            service={service}
            projection={projection}
            onChange={answer.refresh}
          />
        ))}
      </ul>
    </Page>
  );
}

function ProjectionCard({
  service,
  projection,
  onChange,
}: {
  readonly service: string;
  readonly projection: ProjectionStatus;
  readonly onChange: () => void;
}): VNode {
  const { name } = projection;
  const [parked, setParked] = useState(false);
  const { backoffice } = serviceClients(service);
  const act = (done: string, action: () => Promise<unknown>): void =>
    void attempt(done, action).then(onChange);
  const stuck = projection.builds.reduce((sum, build) => sum + build.parked + build.blocked, 0n);
  return (
    <li class="card">
      <div class="card-head">
        <h2 class="card-title">
          {name} <span class="faint">of {service}</span>
        </h2>
        <WorkStateText state={projection.state} />
        {projection.state === WorkState.PAUSED ? (
          <button
            type="button"
            onClick={() => act(`${name} goes on`, () => backoffice.resumeProjection({ name }))}
          >
            Resume
          </button>
        ) : (
          <button
            type="button"
            class="quiet"
            onClick={() => act(`${name} is paused`, () => backoffice.pauseProjection({ name }))}
          >
            Pause
          </button>
        )}
        <SureButton
          sure="Rebuild from the whole journal"
          onSure={() =>
            act(`${name} is rebuilt beside what serves`, () => backoffice.rebuildProjection({ name }))
          }
        >
          Rebuild
        </SureButton>
      </div>
      <p class="faint">from {projection.entityTypes.join(", ")}</p>
      {projection.builds.map((build) => (
        <Build key={`${build.version}`} build={build} name={name} />
      ))}
      {stuck > 0n && (
        <button type="button" class="quiet" aria-expanded={parked} onClick={() => setParked(!parked)}>
          {formatCount(stuck)} {stuck === 1n ? "event that it" : "events that it"} could not apply
        </button>
      )}
      {parked && <ParkedEvents service={service} projection={name} />}
    </li>
  );
}

function Build({ build, name }: { readonly build: ProjectionBuild; readonly name: string }): VNode {
  return (
    <div class="build">
      <Tag kind={build.serving ? "set" : "busy"}>{build.serving ? "serves queries" : "is being built"}</Tag>
      <span class="faint">version {String(build.version)}</span>
      <LagText lag={build.lag} />
      <span class="faint">{formatCount(build.eventsPerSecond)} events/s</span>
      {build.blocked > 0n && <span class="tone-bad">waits for {formatCount(build.blocked)}</span>}
      {build.parked > 0n && <span class="tone-busy">{formatCount(build.parked)} parked</span>}
      <Parts parts={build.parts} label={name} />
    </div>
  );
}

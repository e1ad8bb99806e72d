// One service: its instances, what it serves, whom it reaches, and its switches.
import type { VNode } from "preact";
import {
  ServiceAction,
  ServiceState,
  type Edge,
  type Instance,
  type Service,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard, ownServices, services } from "../../api/index.ts";
import { href } from "../../router/index.ts";
import { formatMs, formatRate, timeMs } from "../../format/index.ts";
import { Ago, attempt, SureButton, Tag } from "../../ui/index.ts";
import { linesOf, type MapLine } from "./map-model.ts";
import { stateOf } from "./service-state.ts";

/** Stands beside the map while a service is chosen. */
export function ServiceDetail({
  service,
  edges,
  controllable,
}: {
  readonly service: Service;
  readonly edges: readonly Edge[];
  readonly controllable: boolean;
}): VNode {
  const { name } = service;
  const state = stateOf(service);
  const lines = linesOf(edges, services.value);
  return (
    <section class="detail" aria-label={`Service ${name}`}>
      <header class="detail-head">
        <h2>{name}</h2>
        <span class={`tone-${state.tone}`}>
          <span class="dot" aria-hidden="true" /> {state.text}
        </span>
        <a class="close" href={href("system")} aria-label="Close">
          ×
        </a>
      </header>
      {controllable && service.managed && <Controls service={service} />}
      <p class="detail-links">
        <a href={href("logs", { service: name })}>Logs</a>
        <a href={href("traces", { service: name })}>Traces</a>
        {service.protoServices[0] !== undefined && (
          <a href={href("api", { filter: service.protoServices[0] })}>Call it</a>
        )}
        {service.ownServices.includes(ownServices.inspection) && (
          <a href={href("entities", { service: name })}>Entities</a>
        )}
        <a href={href("configuration", { service: name })}>Configuration</a>
      </p>
      {service.crashes > 0 && (
        <p class="tone-bad">
          Crashed {service.crashes} {service.crashes === 1 ? "time" : "times"} since it was started.
        </p>
      )}
      <h3>Instances</h3>
      {service.instances.length === 0 && <p class="faint">The registry knows none.</p>}
      <ul class="instances">
        {service.instances.map((instance) => (
          <InstanceItem key={instance.id} instance={instance} />
        ))}
      </ul>
      <h3>Serves</h3>
      <ul class="plain mono">
        {service.protoServices.map((full) => (
          <li key={full}>
            <a href={href("api", { filter: full })}>{full}</a>
          </li>
        ))}
        {service.ownServices.map((full) => (
          <li key={full} class="faint">
            {full}
          </li>
        ))}
      </ul>
      <Ties title="Is reached by" lines={lines.filter(({ target }) => target === name)} other="source" />
      <Ties title="Reaches" lines={lines.filter(({ source }) => source === name)} other="target" />
    </section>
  );
}

function Controls({ service }: { readonly service: Service }): VNode {
  const control = (action: ServiceAction, done: string): void => {
    void attempt(done, () => dashboard.controlService({ service: service.name, action }));
  };
  if (service.state === ServiceState.DOWN) {
    return (
      <div class="controls">
        <button type="button" onClick={() => control(ServiceAction.START, `${service.name} starts`)}>
          Start
        </button>
      </div>
    );
  }
  return (
    <div class="controls">
      <button type="button" onClick={() => control(ServiceAction.RESTART, `${service.name} starts anew`)}>
        Restart
      </button>
      <SureButton
        sure={`Stop ${service.name}`}
        onSure={() => control(ServiceAction.STOP, `${service.name} stops`)}
      >
        Stop
      </SureButton>
    </div>
  );
}

function InstanceItem({ instance }: { readonly instance: Instance }): VNode {
  const { meta } = instance;
  return (
    <li>
      <div>
        <span class={instance.healthy ? "tone-good" : "tone-bad"}>
          <span class="dot" aria-hidden="true" /> {instance.healthy ? "passing" : "failing"}
        </span>
        <code>{instance.address}</code>
        {instance.secure && <Tag>TLS</Tag>}
      </div>
      <div class="faint">
        {meta["version"] !== undefined && <>version {meta["version"]} · </>}
        {meta["zone"] !== undefined && meta["zone"] !== "" && <>zone {meta["zone"]} · </>}
        {instance.pid !== 0n && <>process {String(instance.pid)} · </>}
        there since <Ago ms={timeMs(instance.since)} />
      </div>
    </li>
  );
}

function Ties({
  title,
  lines,
  other,
}: {
  readonly title: string;
  readonly lines: readonly MapLine[];
  readonly other: "source" | "target";
}): VNode | undefined {
  if (lines.length === 0) return undefined;
  return (
    <>
      <h3>{title}</h3>
      <ul class="ties">
        {lines.map((line) => (
          <li key={line.id}>
            <Tag kind={line.kind}>{line.kind}</Tag>
            <a href={href("system", { service: line[other] })}>{line[other]}</a>
            <span class="faint">
              {formatRate(line.count)} · p50 {formatMs(line.p50Ms)} · p99 {formatMs(line.p99Ms)}
              {line.errors > 0 && ` · ${line.errors} failed`}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

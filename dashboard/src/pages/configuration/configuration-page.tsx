// What a service was started with, and what holds for calls of it.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { MethodPolicy, Setting } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard, services, useQuery } from "../../api/index.ts";
import { href, param, setParams } from "../../router/index.ts";
import { Empty, Failed, FilterInput, Loading, Page, ServiceSelect, Tag } from "../../ui/index.ts";
import { PoliciesInForce } from "./policies-in-force.tsx";

/** Settings, then policies. */
export function ConfigurationPage(): VNode {
  const service = param("service") ?? services.value[0]?.name ?? "";
  const [filter, setFilter] = useState("");
  const answer = useQuery(service === "" ? undefined : service, (signal) =>
    dashboard.getConfiguration({ service }, { signal }),
  );
  const fits = (text: string): boolean => text.toLowerCase().includes(filter.toLowerCase());
  const settings = answer.data?.settings.filter(({ name, value }) => fits(`${name} ${value}`)) ?? [];
  const policies = answer.data?.policies.filter(({ method }) => fits(method)) ?? [];
  return (
    <Page
      title="Configuration"
      lead="What each service was started with, where that came from, and what holds for its calls."
    >
      <div class="filters">
        <ServiceSelect value={service} all={false} onChange={(next) => setParams({ service: next })} />
        <FilterInput label="Filter settings and methods" value={filter} onInput={setFilter} />
      </div>
      {service === "" && (
        <Empty title="No service yet">Settings are shown for services that are there.</Empty>
      )}
      {answer.error !== undefined && <Failed error={answer.error} retry={answer.refresh} />}
      {answer.loading && <Loading what="the configuration" />}
      {answer.data !== undefined && (
        <>
          <h2>Settings</h2>
          {settings.length === 0 ? (
            <Empty title="No setting">
              {filter === ""
                ? "The service was not started from here, so only its owner knows what it was started with."
                : "No setting has that in its name or value."}
            </Empty>
          ) : (
            <Settings settings={settings} />
          )}
          <h2>What methods allow</h2>
          {policies.length === 0 ? (
            <Empty title="No method">Methods appear once the service's API is known.</Empty>
          ) : (
            <Policies policies={policies} />
          )}
          <PoliciesInForce service={service} fits={fits} />
        </>
      )}
    </Page>
  );
}

function Settings({ settings }: { readonly settings: readonly Setting[] }): VNode {
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label="Settings">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Value</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {settings.map(({ name, value, origin }) => (
            <tr key={name}>
              <th scope="row" class="mono">
                {name}
              </th>
              <td class="mono wrap">{value}</td>
              <td>
                <Tag kind={origin === "default" ? undefined : "set"}>{origin}</Tag>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const idempotencyText: Readonly<Record<string, string>> = {
  NO_SIDE_EFFECTS: "changes nothing",
  IDEMPOTENT: "may be repeated",
};

function whoMayCall({ restricted, allowedServices }: MethodPolicy): string {
  if (allowedServices.length > 0) return allowedServices.join(", ");
  return restricted ? "nobody" : "as intentions say";
}

function Policies({ policies }: { readonly policies: readonly MethodPolicy[] }): VNode {
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label="What methods allow">
      <table>
        <thead>
          <tr>
            <th scope="col">Method</th>
            <th scope="col">Repetition</th>
            <th scope="col">Retried</th>
            <th scope="col">Tell</th>
            <th scope="col">Gateway</th>
            <th scope="col">Who may call</th>
          </tr>
        </thead>
        <tbody>
          {policies.map((policy) => (
            <tr key={policy.method}>
              <th scope="row" class="mono">
                <a href={href("api", { method: policy.method })}>{policy.method}</a>
              </th>
              <td>{idempotencyText[policy.idempotency] ?? "once"}</td>
              <td>{policy.retried ? "yes" : "no"}</td>
              <td>{policy.tellable ? "yes" : "no"}</td>
              <td>{policy.public ? "public" : "no"}</td>
              <td>{whoMayCall(policy)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

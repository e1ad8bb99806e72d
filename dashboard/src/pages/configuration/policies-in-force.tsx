// What holds for the calls that a service makes and serves, and where each value of it comes from.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import {
  PolicyField_Origin as Origin,
  type PolicyField,
  type RefusedPolicy,
  type ServicePolicies,
} from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { ownServices, serviceClients, servicesWith, useQuery } from "../../api/index.ts";
import { Check, Empty, Failed, Loading, Tag } from "../../ui/index.ts";

/** Where values of one origin come from, in a word. */
const originText: Readonly<Record<Origin, string>> = {
  [Origin.UNSPECIFIED]: "",
  [Origin.DEFAULT]: "default",
  [Origin.PROTO]: "proto file",
  [Origin.CONFIGURATION]: "configuration",
  [Origin.REGISTRY]: "registry",
};

const refreshMs = 2500;

/** A table for each proto service that the service serves or has called. */
export function PoliciesInForce({
  service,
  fits,
}: {
  readonly service: string;
  readonly fits: (text: string) => boolean;
}): VNode {
  const [all, setAll] = useState(false);
  const tells = servicesWith(ownServices.inspection).includes(service);
  const answer = useQuery(
    tells ? `policies/${service}` : undefined,
    (signal) => serviceClients(service).inspection.getPolicies({}, { signal }),
    { everyMs: refreshMs },
  );
  const shown = (answer.data?.services ?? [])
    .map((policies) => ({ name: policies.protoService, rows: rowsOf(policies, all, fits) }))
    .filter(({ rows }) => rows.length > 0);
  return (
    <>
      <h2>Policies in force</h2>
      {!tells && (
        <Empty title="It does not tell">
          A service tells its policies by its inspection, which is off in production unless SAMSPEL_INSPECTION
          is true.
        </Empty>
      )}
      {tells && <Check label="Show defaults, too" checked={all} onChange={setAll} />}
      {answer.error !== undefined && <Failed error={answer.error} retry={answer.refresh} />}
      {answer.loading && <Loading what="the policies" />}
      {answer.data?.refused.map((refused) => (
        <Refused key={refused.key} refused={refused} />
      ))}
      {answer.data !== undefined && shown.length === 0 && (
        <Empty title="Nothing but defaults">
          Nobody says anything else of these calls: no proto file, no configuration, no value of the registry.
        </Empty>
      )}
      {shown.map(({ name, rows }) => (
        <Policies key={name} name={name} rows={rows} />
      ))}
    </>
  );
}

interface PolicyRow {
  /** The method; empty for the service's instances. */
  readonly method: string;
  readonly field: PolicyField;
}

function rowsOf(
  { protoService, instances, methods }: ServicePolicies,
  all: boolean,
  fits: (text: string) => boolean,
): readonly PolicyRow[] {
  const rows = [
    ...methods.flatMap(({ method, fields }) => fields.map((field) => ({ method, field }))),
    ...instances.map((field) => ({ method: "", field: { ...field, path: `instances.${field.path}` } })),
  ];
  return rows.filter(
    ({ method, field }) =>
      (all || field.origin !== Origin.DEFAULT) &&
      fits(`${protoService}/${method} ${field.path} ${field.where}`),
  );
}

function Refused({ refused }: { readonly refused: RefusedPolicy }): VNode {
  return (
    <div class="failed" role="alert">
      <strong>Not in force</strong>
      <span>{refused.reason}</span>
    </div>
  );
}

function Policies({ name, rows }: { readonly name: string; readonly rows: readonly PolicyRow[] }): VNode {
  return (
    <>
      <h3 class="mono">{name}</h3>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={`Policies of ${name}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Method</th>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
              <th scope="col">Where</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ method, field }) => (
              <tr key={`${method} ${field.path}`}>
                <th scope="row" class="mono">
                  {method === "" ? "all" : method}
                </th>
                <td class="mono">{field.path}</td>
                <td class="mono">{field.value}</td>
                <td>
                  <Tag kind={field.origin === Origin.DEFAULT ? undefined : "set"}>
                    {originText[field.origin]}
                  </Tag>
                </td>
                <td class="mono wrap">{field.where}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

// Which services a page of background work asks.
import type { VNode } from "preact";
import { failureOf, maxAcross, ownServices, servicesWith, type Said } from "../../api/index.ts";
import { param, setParams } from "../../router/index.ts";
import { ServiceSelect } from "../../ui/index.ts";

/** The chosen service, or all that tell of their background work. */
export function servicesAsked(): readonly string[] {
  const chosen = param("service");
  const able = servicesWith(ownServices.backoffice);
  return chosen === undefined ? able : able.filter((name) => name === chosen);
}

/** The choice, and what is left out of it. */
export function ServicesAsked({ said }: { readonly said: readonly Said<unknown>[] }): VNode {
  const able = servicesWith(ownServices.backoffice);
  const silent = said.filter(({ error }) => error !== undefined);
  return (
    <>
      <div class="filters">
        <ServiceSelect
          value={param("service") ?? ""}
          names={able}
          onChange={(service) => setParams({ service })}
        />
        {param("service") === undefined && able.length > maxAcross && (
          <span class="faint">
            the first {maxAcross} of {able.length}: choose one to see the others
          </span>
        )}
      </div>
      {silent.map(({ service, error }) => (
        <p key={service} class="lost" role="status">
          {service} does not tell: {failureOf(error).text}
        </p>
      ))}
    </>
  );
}

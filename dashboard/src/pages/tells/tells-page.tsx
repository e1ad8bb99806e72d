// Tells on their way, what became of one, and what waits in outboxes.
import type { VNode } from "preact";
import { serviceClients, useAcross } from "../../api/index.ts";
import { href } from "../../router/index.ts";
import { durationMs, formatCount, formatMs } from "../../format/index.ts";
import { Empty, Loading, Page } from "../../ui/index.ts";
import { DeadLetters, LagText, Parts, ServicesAsked, servicesAsked, Waiting } from "../background/index.ts";
import { TellLookup } from "./tell-lookup.tsx";

/** By the proto services that are told. */
export function TellsPage(): VNode {
  const asked = servicesAsked();
  const answer = useAcross("tells", asked, async (service, signal) => {
    const { backoffice } = serviceClients(service);
    const [tells, outbox] = await Promise.all([
      backoffice.listTells({}, { signal }),
      // A service without a database has none.
      backoffice.getOutbox({}, { signal }).catch(() => undefined),
    ]);
    return { queues: tells.queues, outbox };
  });
  const said = answer.data ?? [];
  const queues = said.flatMap(({ service, value }) =>
    (value?.queues ?? []).map((queue) => ({ service, queue })),
  );
  const outboxes = said.flatMap(({ service, value }) =>
    (value?.outbox?.streams ?? []).map((stream) => ({ service, stream })),
  );
  return (
    <Page
      title="Tells"
      lead="Calls that are stored before they are carried out: they arrive though a service is down now."
    >
      <ServicesAsked said={said} />
      <TellLookup services={asked} />
      {answer.loading && <Loading what="tells" />}
      {answer.data !== undefined && queues.length === 0 && (
        <Empty title="No service can be told">
          A method may be told once its service de-duplicates: entities do by themselves. Tell one from{" "}
          <a href={href("api")}>the API page</a>, with “Tell” in place of “Ask”.
        </Empty>
      )}
      <ul class="cards">
        {queues.map(({ service, queue }) => (
          <li key={`${service}/${queue.service}`} class="card">
            <div class="card-head">
              <h2 class="card-title">
                {queue.service} <span class="faint">of {service}</span>
              </h2>
              <LagText lag={queue.lag} />
            </div>
            <Parts parts={queue.parts} label={queue.service} />
            <Waiting waiting={queue.waiting} />
            {queue.deadLetters > 0n && (
              <details open>
                <summary class="tone-bad">{formatCount(queue.deadLetters)} given up</summary>
                <DeadLetters service={service} topic={`tell.${queue.service}`} />
              </details>
            )}
          </li>
        ))}
      </ul>
      {outboxes.length > 0 && (
        <>
          <h2>Outboxes</h2>
          <div class="table-scroll" tabIndex={0} role="group" aria-label="Outboxes">
            <table>
              <thead>
                <tr>
                  <th scope="col">Service</th>
                  <th scope="col">Goes to</th>
                  <th scope="col">Due</th>
                  <th scope="col">Later</th>
                  <th scope="col">Oldest</th>
                </tr>
              </thead>
              <tbody>
                {outboxes.map(({ service, stream }) => (
                  <tr key={`${service}/${stream.stream}`}>
                    <th scope="row">{service}</th>
                    <td class="mono">{stream.stream}</td>
                    <td>{formatCount(stream.due)}</td>
                    <td>{formatCount(stream.delayed)}</td>
                    <td>{stream.oldestAge === undefined ? "—" : formatMs(durationMs(stream.oldestAge))}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Page>
  );
}

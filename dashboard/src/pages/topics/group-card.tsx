// A group that reads a topic: how far it is, and what can be done with it.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { WorkState, type SubscriptionStatus } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { serviceClients } from "../../api/index.ts";
import { formatCount } from "../../format/index.ts";
import { attempt, SureButton, Tag } from "../../ui/index.ts";
import { LagText, Parts, Waiting, WorkStateText } from "../background/index.ts";

/** A subscription of a service, which can pause and reset it. */
export function GroupCard({
  service,
  status,
  onChange,
}: {
  readonly service: string;
  readonly status: SubscriptionStatus;
  readonly onChange: () => void;
}): VNode {
  const which = { topic: status.topic, group: status.group };
  const { backoffice } = serviceClients(service);
  const [resetting, setResetting] = useState(false);
  const act = (done: string, action: () => Promise<unknown>): void =>
    void attempt(done, action).then(onChange);
  const reset = (done: string, to: { case: "beginning" | "end"; value: boolean }): void => {
    setResetting(false);
    act(done, () => backoffice.resetSubscription({ ...which, to }));
  };
  return (
    <li class="card">
      <div class="card-head">
        <h3 class="card-title">
          {status.group} <span class="faint">of {service}</span>
        </h3>
        <WorkStateText state={status.state} />
        <LagText lag={status.lag} />
        {status.state === WorkState.PAUSED ? (
          <button
            type="button"
            onClick={() => act(`${status.group} goes on`, () => backoffice.resumeSubscription(which))}
          >
            Resume
          </button>
        ) : (
          <button
            type="button"
            class="quiet"
            onClick={() => act(`${status.group} is paused`, () => backoffice.pauseSubscription(which))}
          >
            Pause
          </button>
        )}
        <button
          type="button"
          class="quiet"
          aria-expanded={resetting}
          onClick={() => setResetting(!resetting)}
        >
          Reset
        </button>
      </div>
      {resetting && (
        <p class="row-actions">
          <SureButton
            sure="Handle all messages again"
            onSure={() => reset("It begins anew", { case: "beginning", value: true })}
          >
            To the first message
          </SureButton>
          <SureButton
            sure="Skip all that wait"
            onSure={() => reset("It goes on with what comes", { case: "end", value: true })}
          >
            Behind the last message
          </SureButton>
        </p>
      )}
      <Parts parts={status.parts} label={status.group} />
      <Waiting waiting={status.waiting} />
    </li>
  );
}

/** A group of durable consumers, as NATS tells of it: programs in other languages read so. */
export function DurableGroupCard({ status }: { readonly status: SubscriptionStatus }): VNode {
  return (
    <li class="card">
      <div class="card-head">
        <h3 class="card-title">
          {status.group} <span class="faint">by durable consumers</span>
        </h3>
        {status.state === WorkState.RUNNING ? (
          <WorkStateText state={status.state} />
        ) : (
          <span class="tone-off">
            <span class="dot" aria-hidden="true" /> nobody reads it now
          </span>
        )}
        <LagText lag={status.lag} />
        {status.deadLetters > 0n && <Tag kind="bad">{formatCount(status.deadLetters)} given up</Tag>}
      </div>
      <Parts parts={status.parts} label={status.group} held="each read by one instance at a time" />
      <Waiting waiting={status.waiting} />
    </li>
  );
}

// One topic: its groups, its dead letters, and its messages as they come.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { WorkState } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { serviceClients } from "../../api/index.ts";
import { href } from "../../router/index.ts";
import { formatBytes, formatCount } from "../../format/index.ts";
import { attempt, Empty, Page, SureButton } from "../../ui/index.ts";
import { DeadLetters, LagText, Parts, Waiting, WorkStateText } from "../background/index.ts";
import { TopicTail } from "./topic-tail.tsx";
import type { TopicGroup, TopicView } from "./topics-model.ts";

/** All that is known of a topic. */
export function TopicPage({
  view,
  onChange,
}: {
  readonly view: TopicView;
  readonly onChange: () => void;
}): VNode {
  const { topic } = view;
  const withLetters = [
    ...new Set(view.groups.filter(({ status }) => status.deadLetters > 0n).map(({ service }) => service)),
  ];
  return (
    <Page
      title={
        <>
          <a class="crumb" href={href("topics")}>
            Topics
          </a>{" "}
          {view.name}
        </>
      }
      lead={
        <>
          <span class="mono">{topic.messageType}</span> · {topic.partitions} partitions
          {topic.content !== undefined &&
            ` · ${formatCount(topic.content.messages)} messages, ${formatBytes(topic.content.bytes)}`}
          {view.publishers.length > 0 && ` · published by ${view.publishers.join(", ")}`}
        </>
      }
    >
      <h2>Groups</h2>
      {view.groups.length === 0 ? (
        <Empty title="Nobody reads it">
          A service subscribes with <code>subscribe</code>; any gRPC client reads it by its method.
        </Empty>
      ) : (
        <ul class="cards">
          {view.groups.map((group) => (
            <GroupCard key={`${group.service}/${group.status.group}`} group={group} onChange={onChange} />
          ))}
        </ul>
      )}
      {withLetters.length > 0 && (
        <>
          <h2>Dead letters</h2>
          {withLetters.map((service) => (
            <DeadLetters key={service} service={service} topic={view.name} />
          ))}
        </>
      )}
      <h2>Messages</h2>
      <TopicTail view={view} />
    </Page>
  );
}

function GroupCard({
  group,
  onChange,
}: {
  readonly group: TopicGroup;
  readonly onChange: () => void;
}): VNode {
  const { service, status } = group;
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

// One topic: its groups, its dead letters, its messages as they come, and a form for one more.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { href } from "../../router/index.ts";
import { formatBytes, formatCount } from "../../format/index.ts";
import { Empty, Page } from "../../ui/index.ts";
import { DeadLetters } from "../background/index.ts";
import { DurableGroupCard, GroupCard } from "./group-card.tsx";
import { PublishForm } from "./publish-form.tsx";
import { TopicTail } from "./topic-tail.tsx";
import type { TopicView } from "./topics-model.ts";

/** All that is known of a topic. */
export function TopicPage({
  view,
  onChange,
}: {
  readonly view: TopicView;
  readonly onChange: () => void;
}): VNode {
  const { topic } = view;
  const [publishing, setPublishing] = useState(false);
  const withLetters = [
    ...new Set(
      view.groups.flatMap(({ service, status }) => (status.deadLetters > 0n && service ? [service] : [])),
    ),
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
          <span class="mono">{topic.messageType}</span> ·{" "}
          {topic.live ? "live, kept nowhere" : `${topic.partitions} partitions`}
          {topic.content !== undefined &&
            ` · ${formatCount(topic.content.messages)} messages, ${formatBytes(topic.content.bytes)}`}
          {view.publishers.length > 0 && ` · published by ${view.publishers.join(", ")}`}
        </>
      }
      actions={
        <button type="button" aria-expanded={publishing} onClick={() => setPublishing(!publishing)}>
          Publish a message
        </button>
      }
    >
      {publishing && (
        <>
          <h2>Publish</h2>
          <PublishForm topic={view.name} live={topic.live} />
        </>
      )}
      <h2>Groups</h2>
      {view.groups.length === 0 ? (
        <Empty title="Nobody reads it">
          A service subscribes with <code>subscribe</code>; any gRPC client reads it by its method.
        </Empty>
      ) : (
        <ul class="cards">
          {view.groups.map(({ service, status }) =>
            service === undefined ? (
              <DurableGroupCard key={status.group} status={status} />
            ) : (
              <GroupCard
                key={`${service}/${status.group}`}
                service={service}
                status={status}
                onChange={onChange}
              />
            ),
          )}
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

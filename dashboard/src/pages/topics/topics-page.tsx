// The topics: what they hold, who reads them, what was given up.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { SystemTopic } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard, serviceClients, useAcross, useQuery } from "../../api/index.ts";
import { href, param } from "../../router/index.ts";
import { formatBytes, formatCount, timeMs } from "../../format/index.ts";
import { Ago, Empty, Failed, FilterInput, Loading, Page, Tag } from "../../ui/index.ts";
import { ServicesAsked, servicesAsked } from "../background/index.ts";
import { TopicPage } from "./topic-page.tsx";
import { topicViews, type TopicView } from "./topics-model.ts";

const refreshMs = 2500;

/** The list, or one topic of it. */
export function TopicsPage(): VNode {
  const name = param("topic");
  const answer = useAcross("topics", servicesAsked(), async (service, signal) => {
    const { backoffice } = serviceClients(service);
    const [{ topics }, { subscriptions }] = await Promise.all([
      backoffice.listTopics({}, { signal }),
      backoffice.listSubscriptions({}, { signal }),
    ]);
    return { topics, subscriptions };
  });
  const seen = useQuery(
    `topics/${name ?? ""}`,
    (signal) => dashboard.listTopics({ topic: name ?? "" }, { signal }),
    {
      everyMs: refreshMs,
    },
  );
  const views = topicViews(answer.data ?? [], seen.data?.topics.filter(isAsked));
  const isKnown = answer.data !== undefined && !seen.loading;
  const view = views.find((one) => one.name === name);
  if (view !== undefined) return <TopicPage key={view.name} view={view} onChange={answer.refresh} />;
  return (
    <Page
      title="Topics"
      lead="Streams of messages between services: what they hold, who reads them, what was given up."
    >
      <ServicesAsked said={answer.data ?? []} />
      {!isKnown && views.length === 0 && <Loading what="topics" />}
      {seen.error !== undefined && seen.data === undefined && (
        <Failed error={seen.error} retry={seen.refresh} />
      )}
      {isKnown && name !== undefined && (
        <Empty title={`Nobody tells of ${name}`}>
          No service that is registered has its method, and no stream has its messages.
        </Empty>
      )}
      {isKnown && views.length === 0 && name === undefined && (
        <Empty title="No topic">
          A topic is a method with <code>option (samspel.v1.topic)</code>. Services that publish or read one
          show it here.
        </Empty>
      )}
      {name === undefined && views.length > 0 && <TopicList views={views} />}
    </Page>
  );
}

/** Whether a topic has to do with the chosen service. */
function isAsked({ publishers, groups }: SystemTopic): boolean {
  const service = param("service");
  return (
    service === undefined || publishers.includes(service) || groups.some(({ group }) => group === service)
  );
}

function TopicList({ views }: { readonly views: readonly TopicView[] }): VNode {
  const [filter, setFilter] = useState("");
  return (
    <>
      {views.length > 8 && (
        <div class="filters">
          <FilterInput label="Filter topics" value={filter} onInput={setFilter} />
        </div>
      )}
      <ul class="cards">
        {views
          .filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()))
          .map((view) => (
            <TopicCard key={view.name} view={view} />
          ))}
      </ul>
    </>
  );
}

function TopicCard({ view }: { readonly view: TopicView }): VNode {
  const { content } = view.topic;
  const behind = view.groups.reduce((sum, { status }) => sum + (status.lag?.count ?? 0n), 0n);
  return (
    <li class="card">
      <div class="card-head">
        <h2 class="card-title">
          <a href={href("topics", { topic: view.name })} data-row>
            {view.name}
          </a>
        </h2>
        {view.topic.live && <Tag>live</Tag>}
        {view.deadLetters > 0 && <Tag kind="bad">{view.deadLetters} given up</Tag>}
      </div>
      <p>
        {view.publishers.length === 0 ? (
          <span class="faint">published elsewhere</span>
        ) : (
          view.publishers.join(", ")
        )}
        <span class="arrow" aria-label="goes to">
          →
        </span>
        {view.groups.length === 0 ? (
          <span class="faint">no group</span>
        ) : (
          view.groups
            .map(({ service, status: { group } }) =>
              service === undefined || service === group ? group : `${service} (${group})`,
            )
            .join(", ")
        )}
      </p>
      <p class="faint">
        {content === undefined ? (
          "kept nowhere"
        ) : (
          <>
            {formatCount(content.messages)} messages · {formatBytes(content.bytes)} · the last{" "}
            <Ago ms={timeMs(content.lastTime)} />
          </>
        )}
        {behind > 0n && ` · ${formatCount(behind)} still to be handled`}
      </p>
    </li>
  );
}

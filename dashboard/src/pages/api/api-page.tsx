// Every method of the system, to be called.
import type { VNode } from "preact";
import type { Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboard, useQuery } from "../../api/index.ts";
import { href, param } from "../../router/index.ts";
import { Empty, Failed, Loading, Page, Tag } from "../../ui/index.ts";
import { Composer } from "./composer.tsx";
import { describeMethod } from "./describe-method.ts";
import { pathOf } from "./draft.ts";
import { kindOf, MethodTree } from "./method-tree.tsx";

const refreshMs = 5000;

/** Methods on the left, the chosen one on the right. */
export function ApiPage(): VNode {
  const answer = useQuery("methods", (signal) => dashboard.listMethods({ brief: true }, { signal }), {
    everyMs: refreshMs,
  });
  const methods = answer.data?.methods;
  const chosen = param("method") ?? "";
  const method = methods?.find((one) => pathOf(one) === chosen);
  return (
    <Page
      title="API"
      class="page-fill"
      lead={chosen === "" ? "Every method that a service serves, in any language." : undefined}
    >
      {answer.error !== undefined && methods === undefined && (
        <Failed error={answer.error} retry={answer.refresh} />
      )}
      {answer.loading && <Loading what="methods" />}
      {Object.entries(answer.data?.unknownServices ?? {}).map(([name, why]) => (
        <p key={name} class="lost" role="status">
          The methods of {name} are not known: {why}
        </p>
      ))}
      {methods?.length === 0 && (
        <Empty title="No method yet">
          Methods come from the descriptors that services publish in the registry, or from their reflection.
          They appear once a service is there.
        </Empty>
      )}
      {methods !== undefined && methods.length > 0 && (
        <div class={chosen === "" ? "api" : "api with-method"}>
          <MethodTree methods={methods} chosen={chosen} />
          {method === undefined ? (
            <Empty title={chosen === "" ? "Choose a method" : `${chosen} is not there now`}>
              Calls go through the registry to a live instance. Go through the list with <kbd>j</kbd> and{" "}
              <kbd>k</kbd>, filter it with <kbd>/</kbd>.
            </Empty>
          ) : (
            <MethodView key={`${pathOf(method)}${param("request") ?? ""}`} brief={method} />
          )}
        </div>
      )}
    </Page>
  );
}

function MethodView({ brief }: { readonly brief: Method }): VNode {
  // The list is brief: what a request looks like is asked when somebody wants to write one.
  const whole = useQuery(pathOf(brief), (signal) => describeMethod(brief.protoService, brief.name, signal));
  const method = whole.data ?? brief;
  return (
    <article class="method" aria-label={pathOf(method)}>
      <header>
        <a class="crumb only-phone" href={href("api")}>
          All methods
        </a>
        <h2>
          <span class="faint">{method.protoService}/</span>
          {method.name}
        </h2>
        <p class="signature mono">
          {method.clientStreaming ? "stream " : ""}
          {method.input} → {method.serverStreaming ? "stream " : ""}
          {method.output}
        </p>
        {method.comment !== "" && <p class="comment">{method.comment}</p>}
        <p class="method-tags">
          {kindOf(method).text !== "call" && <Tag>{kindOf(method).text}</Tag>}
          {method.idempotency === "NO_SIDE_EFFECTS" && <Tag>changes nothing</Tag>}
          {method.idempotency === "IDEMPOTENT" && <Tag>may be repeated</Tag>}
          {method.tellable && <Tag kind="tell">may be told</Tag>}
          {method.topic !== "" && (
            <Tag kind="topic">
              <a href={href("topics", { topic: method.topic })}>{method.topic}</a>
            </Tag>
          )}
          {method.http.map((rule) => (
            <Tag key={rule}>{rule}</Tag>
          ))}
          <span class="faint">
            by{" "}
            {method.services.map((name, index) => (
              <>
                {index > 0 && ", "}
                <a href={href("system", { service: name })}>{name}</a>
              </>
            ))}
          </span>
        </p>
      </header>
      {whole.error !== undefined && <Failed error={whole.error} retry={whole.refresh} />}
      {whole.loading && <Loading what="what a request looks like" />}
      {whole.data !== undefined && <Composer method={whole.data} request={param("request")} />}
    </article>
  );
}

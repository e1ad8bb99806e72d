// What is wrong now, before anything else.
import type { VNode } from "preact";
import type { Problem } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { href } from "../../router/index.ts";
import { timeMs } from "../../format/index.ts";
import { Ago, Tag } from "../../ui/index.ts";

/** A banner for each problem; gone when it is mended. */
export function Problems({ problems }: { readonly problems: readonly Problem[] }): VNode | undefined {
  if (problems.length === 0) return undefined;
  return (
    <section class="problems" aria-label="Problems">
      {problems.map((problem) => (
        <details key={`${problem.service}/${problem.kind}/${problem.summary}`} open={problems.length === 1}>
          <summary>
            <Tag kind="bad">{problem.kind}</Tag>
            <span>
              {problem.service !== "" && <strong>{problem.service}: </strong>}
              {problem.summary}
            </span>
            <span class="faint">
              <Ago ms={timeMs(problem.since)} />
            </span>
          </summary>
          {problem.detail !== "" && (
            <pre tabIndex={0} aria-label={`Output of ${problem.kind}`}>
              {problem.detail}
            </pre>
          )}
          {problem.service !== "" && (
            <p>
              <a href={href("logs", { service: problem.service })}>Logs of {problem.service}</a>
            </p>
          )}
        </details>
      ))}
    </section>
  );
}

// The contract, rule by rule, as `samspel join verify` sees it on a running service.
import { verifyService } from "../../devkit/src/join/verify/index.ts";
import type { SuiteScenario } from "./direction.ts";

/** What the instance breaks of the contract is told rule by rule. */
export const verified: SuiteScenario = async ({ ground, server }) => {
  const { findings, holds } = await verifyService(
    {
      name: server.service,
      instance: `${server.service}-127-0-0-1-${server.port}`,
      registryUrl: ground.registryUrl,
      natsUrl: ground.natsUrl,
      topicPrefix: ground.topicPrefix,
      groups: ["scenario"],
    },
    { begin() {}, checking() {}, found() {} },
  );
  if (holds) return;
  const broken = findings.flatMap(({ rule, level, outcome }) =>
    outcome.type === "failed" && level === "must"
      ? [`${rule}: ${outcome.problems.map(({ found }) => found).join("; ")}`]
      : [],
  );
  throw new Error(broken.join("\n"));
};

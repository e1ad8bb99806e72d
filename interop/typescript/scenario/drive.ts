// The other side: calls ScenarioService as a service in TypeScript would.
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { reject, serve, startService, topic, type ServiceContext } from "@samspel/runtime";
import { ScenarioDriver, ScenarioTopics } from "../gen/samspel/scenario/v1/scenario_pb.ts";
import { scenarios } from "./scenarios/index.ts";

const driver = (service: ServiceContext): ServiceImpl<typeof ScenarioDriver> => ({
  async run({ scenario, parameters }, call) {
    const run = scenarios.get(scenario);
    if (run === undefined) throw reject(Code.Unimplemented, `there is no scenario ${scenario} here`);
    try {
      await run({ service, call, parameters });
      return { passed: true };
    } catch (error) {
      return {
        passed: false,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      };
    }
  },
});

/** Serves the driver until SIGTERM. */
export async function drive(): Promise<void> {
  await startService({
    name: "driver-typescript",
    services: [serve(ScenarioDriver, driver)],
    topics: [topic(ScenarioTopics.method.happened)],
  });
}

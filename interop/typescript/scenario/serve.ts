// What is called: ScenarioService, with what it is told and what it consumes.
import { serve, startService, subscribe, type ServiceContext, type Subscription } from "@samspel/runtime";
import { ScenarioService, ScenarioTopics } from "../gen/samspel/scenario/v1/scenario_pb.ts";
import { callMethods } from "./methods/calls.ts";
import { memoryMethods } from "./methods/memory.ts";
import { createTables } from "./methods/tables.ts";
import { waitMethods } from "./methods/waits.ts";

/** Consumes the topic, each message once in effect. */
function happened({ sql }: ServiceContext): Subscription {
  return subscribe(ScenarioTopics.method.happened, {
    group: "scenario",
    inbox: true,
    retry: { maxAttempts: 3 },
    handler: async ({ key, number, poison }, { id, headers, sql: tx }) => {
      if (poison) throw new Error(`${key}/${number} is poison`);
      await createTables(sql);
      await tx`
        insert into consumed (id, key, number, tenant, traceparent, source)
        values (
          ${id}, ${key}, ${number}, ${headers.get("x-tenant") ?? ""}, ${headers.get("traceparent") ?? ""},
          ${headers.get("ce-source") ?? ""}
        )`;
    },
  });
}

/** Serves until SIGTERM. */
export async function serveScenarios(): Promise<void> {
  await startService({
    name: "scenario-typescript",
    services: [
      serve(
        ScenarioService,
        (context) => ({ ...callMethods(), ...waitMethods(), ...memoryMethods(context) }),
        { inbox: true },
      ),
    ],
    subscriptions: [happened],
  });
}

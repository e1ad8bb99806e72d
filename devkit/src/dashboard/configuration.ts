// What a service was started with, and what holds for calls of its methods.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { InstanceState } from "@samspel/registry";
import type { GetConfigurationResponseSchema } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { DevError, type DevSetting, type DevSystem } from "../dev/index.ts";
import { findMethods, type Apis } from "./methods/index.ts";
import { shownValue } from "./secrets.ts";

export interface ConfigurationContext {
  readonly system: DevSystem;
  readonly apis: Apis;
  readonly instances: readonly InstanceState[];
}

/** @throws ConnectError NOT_FOUND where no such service is known. */
export async function getConfiguration(
  { system, apis, instances }: ConfigurationContext,
  service: string,
): Promise<MessageInitShape<typeof GetConfigurationResponseSchema>> {
  const own = instances.filter((instance) => instance.service === service);
  const settings = settingsOf(system, service);
  if (settings === undefined && own.length === 0)
    throw new ConnectError(`No service is named ${service}`, Code.NotFound);
  const { methods } = await findMethods(apis, own);
  return {
    settings: (settings ?? [])
      .map(({ name, value, origin }) => ({ name, value: shownValue(name, value), origin }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    policies: [...methods].map(([method, { facts }]) => ({
      method,
      idempotency: facts.idempotency,
      // What marks a method as idempotent is what lets clients send it again (C2).
      retried: facts.idempotency !== "",
      allowedServices: [...(facts.allowed ?? [])],
      tellable: facts.tellable,
      public: facts.isPublic,
      restricted: facts.allowed !== undefined,
    })),
  };
}

function settingsOf(system: DevSystem, service: string): readonly DevSetting[] | undefined {
  try {
    return system.configuration(service);
  } catch (error) {
    if (error instanceof DevError) return undefined;
    throw error;
  }
}

// What a service does about tells beside sending them: it takes those of the proto services that it serves, and forgets
// old records of its inboxes.
import type { Interceptor } from "@connectrpc/connect";
import { isDeduplicated, isIdempotent } from "../descriptor/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { ServiceBinding } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { createReplyPublisher, pruneHandled, runTells, toldService } from "../tell/index.ts";
import type { OpenInfra } from "./open-infra.ts";
import type { ResolvedServiceOptions, ServiceOptions } from "./options.ts";

/**
 * Checks that who promises to de-duplicate does.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the method and the fix.
 */
export function checkTells({ services = [] }: ServiceOptions): void {
  for (const { service, inbox } of services) {
    for (const method of service.methods) {
      if (!isDeduplicated(method) || isIdempotent(method)) continue;
      const name = `${service.typeName}.${method.name}`;
      if (method.methodKind !== "unary") {
        throw invalidConfiguration(
          `Method ${name} streams, so it cannot be told: take (samspel.v1.deduplicated) away`,
        );
      }
      if (inbox === true) continue;
      throw invalidConfiguration(
        `Method ${name} says (samspel.v1.deduplicated), but its handler does not: serve it with an entity or with ` +
          `serve(…, { inbox: true }), or mark it IDEMPOTENT`,
      );
    }
  }
}

/** Something to do until the stop, and what the log calls it. */
interface TellWork {
  readonly what: string;
  readonly work: () => Promise<void>;
}

export interface TakeTellsOptions {
  readonly served: readonly ServiceBinding[];
  readonly interceptors: readonly Interceptor[];
  readonly settings: Pick<ResolvedServiceOptions, "natsUrl" | "drainMs" | "commandRetentionMs">;
  readonly infra: OpenInfra;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The work of taking tells. Without a broker nobody can tell anything: that is so from the start. */
export function tellWorks({ services = [] }: ServiceOptions, options: TakeTellsOptions): readonly TellWork[] {
  const { served, interceptors, settings, infra, logger, signal } = options;
  const works: TellWork[] = [];
  if (services.some(({ inbox }) => inbox === true)) {
    const database = infra.requireDatabase();
    const retentionMs = settings.commandRetentionMs;
    works.push({ what: "records of the inbox", work: () => pruneHandled({ database, retentionMs, signal }) });
  }
  const told = served.flatMap((binding) => toldService(binding, interceptors) ?? []);
  if (settings.natsUrl === undefined) {
    const names = told.map(({ service }) => service.typeName);
    if (told.some(({ service }) => service.methods.some(isDeduplicated)))
      logger.info({ services: names }, "NATS_URL is not set: nobody can tell these services anything");
    return works;
  }
  for (const service of told) {
    const work = async (): Promise<void> => {
      const broker = await infra.connectBroker();
      using replies = createReplyPublisher(broker);
      await runTells({ told: service, broker, replies, logger, signal, graceMs: settings.drainMs });
    };
    works.push({ what: `tells of ${service.service.typeName}`, work });
  }
  return works;
}

// What happens between a service and the registry, in the service's log.
import type { RegistryEvent } from "@samspel/registry";
import type { Logger } from "../telemetry/index.ts";

/** Writes a registry's events: troubles as warnings, the everyday at `debug`. */
export function logRegistry(logger: Logger): (event: RegistryEvent) => void {
  return (event) => {
    switch (event.type) {
      case "unreachable":
        logger.warn({ what: event.what, code: event.error.code }, event.error.message);
        break;
      case "recovered":
        logger.info({ what: event.what }, "the registry is back");
        break;
      case "registered":
        if (event.again)
          logger.warn({ id: event.id }, "the registry had forgotten this instance: registered again");
        else logger.debug({ id: event.id }, "registered");
        break;
      case "doubted":
        logger.warn(
          { protoService: event.protoService, graceMs: event.graceMs },
          "the registry suddenly knows no instance: the last ones known are kept for a while",
        );
        break;
      case "unpublished":
        logger.warn(
          { id: event.id, code: event.error.code },
          `the registry does not take this instance's descriptors, so that tools know less of it: ${event.error.message}`,
        );
        break;
      case "discarded":
        logger.warn(
          { what: event.what, entries: event.entries, reason: event.reason },
          "the registry has instances that nobody could call: they are left out",
        );
        break;
      case "failover":
        logger.warn(
          { protoService: event.protoService, datacenter: event.datacenter },
          "no instance in the own datacenter: those of another one are used",
        );
        break;
      case "failback":
        logger.info({ protoService: event.protoService }, "instances in the own datacenter again");
        break;
      case "deregistered":
      case "changed":
        logger.debug(event, "registry");
        break;
    }
  };
}

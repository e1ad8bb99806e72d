export type { CommandContext } from "./command-context.ts";
export { defineEntity, type EntityBehaviour, type EntityShape } from "./define-entity.ts";
export { Effect, persist, type Persist } from "./effect.ts";
export { eventOf, type Decision, type Entity, type EntityCommand } from "./entity.ts";
export { createEntityHost, type EntityHost, type EntityHostOptions } from "./entity-host.ts";
export type { EventCase } from "./event-oneof.ts";
export type { CommandRequest } from "./handle-command.ts";
export { commandIdHeader, entityServiceImpl } from "./service-impl.ts";
export type { CommandHandler, CommandHandlers, EventHandlers, EventInit, EventOf } from "./types.ts";

// The door of @samspel/runtime/testing. Nothing that runs in production imports it.

// The rules of an entity, without infra.
export { testEntity } from "./test-entity.ts";
export type { CommandCircumstances, EntityStory, EntityTest, TestEntityOptions } from "./test-entity.ts";
export {
  accepted,
  rejected,
  type Accepted,
  type Outcome,
  type Rejected,
  type TellOutcome,
} from "./outcome.ts";
export type { TimerOutcome, WaitingTimer } from "./story-timers.ts";
export { stub, type Stub, type StubCall } from "./stub.ts";
export { checkEntity, type CheckEntityOptions } from "./check-entity.ts";
export type { EntityCoverage, Exercised } from "./coverage.ts";
export { EntityDefect, type Check, type Defect } from "./entity-defect.ts";
export type { EventInit } from "../entity/index.ts";

// Services, with infra.
export { startTestService, type TestService, type TestServiceOptions } from "./test-service.ts";
export { eventually, type EventuallyOptions } from "./eventually.ts";

// Users.
export {
  createTestIssuer,
  type TestIssuer,
  type TestIssuerOptions,
  type TestTokenOptions,
} from "./test-issuer.ts";

// For kits that start services themselves.
export { attemptAll, type Leak } from "./leaks.ts";
export type { TopicMethod } from "../descriptor/index.ts";
export { createTestPublisher, type TestPublisher, type TestPublishOptions } from "./test-publisher.ts";
export { createLogger } from "../telemetry/index.ts";

// One message: decoded, handled and answered; retried, parked, blocked or skipped where that fails (T2).
import { fromBinary, type Message } from "@bufbuild/protobuf";
import { keyOf } from "../descriptor/index.ts";
import { backoffMs } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Broker } from "./broker.ts";
import { parkDeadLetter } from "./dead-letter.ts";
import type { Delivery } from "./delivery.ts";
import { readHeaders } from "./headers.ts";
import type { MessageContext, Subscription } from "./subscribe.ts";

/** How long JetStream waits for an answer before it delivers again. */
export const ackWaitMs = 10_000;
const workingEveryMs = ackWaitMs / 3;

export interface DeliveryScope {
  readonly broker: Broker;
  readonly subscription: Subscription;
  readonly logger: Logger;
  /** Aborts when nobody waits for handlers any longer. */
  readonly end: AbortSignal;
}

/**
 * Handles one delivery; resolves when it is answered, or abandoned at the end of the grace. True where the message is
 * done with: handled, parked or skipped.
 */
export async function handleDelivery(scope: DeliveryScope, delivery: Delivery): Promise<boolean> {
  const { subscription, logger, end } = scope;
  const message = decode(subscription, delivery);
  if (message instanceof Error) {
    logger.error({ err: message, sequence: delivery.sequence }, "message cannot be decoded");
    return giveUp(scope, delivery, message);
  }
  const working = setInterval(() => delivery.working(), workingEveryMs);
  try {
    const context = contextOf(subscription, delivery, message, end);
    const outcome = await untilEnd(runHandler(subscription, message, context), end);
    if (outcome === "abandoned") return false;
    if (outcome !== "handled") return await retryOrGiveUp(scope, delivery, outcome.error);
    delivery.ack();
    return true;
  } finally {
    clearInterval(working);
  }
}

type Outcome = "handled" | { readonly error: unknown };

async function runHandler(
  { handler }: Subscription,
  message: Message,
  context: MessageContext,
): Promise<Outcome> {
  try {
    await handler(message, context);
    return "handled";
  } catch (error) {
    return { error };
  }
}

/** A handler that outlives the grace is left alone; its message will be delivered again. */
async function untilEnd(running: Promise<Outcome>, end: AbortSignal): Promise<Outcome | "abandoned"> {
  if (end.aborted) return "abandoned";
  const { promise, resolve } = Promise.withResolvers<"abandoned">();
  const onEnd = (): void => resolve("abandoned");
  end.addEventListener("abort", onEnd, { once: true });
  try {
    return await Promise.race([running, promise]);
  } finally {
    end.removeEventListener("abort", onEnd);
  }
}

function decode({ topic }: Subscription, { message }: Delivery): Message | Error {
  try {
    return fromBinary(topic.message, message.data);
  } catch (error) {
    return new Error(`Cannot decode a ${topic.message.typeName} of topic ${topic.name}`, { cause: error });
  }
}

function contextOf(
  { topic }: Subscription,
  delivery: Delivery,
  message: Message,
  signal: AbortSignal,
): MessageContext {
  const headers = readHeaders(delivery.message.headers);
  const time = new Date(headers.get("ce-time") ?? Number.NaN);
  return {
    key: keyOf(topic.keyField, message),
    id: headers.get("ce-id") ?? headers.get("nats-msg-id") ?? `${delivery.stream}/${delivery.sequence}`,
    headers,
    time: Number.isNaN(time.getTime()) ? delivery.storedAt : time,
    attempt: delivery.attempt,
    signal,
  };
}

async function retryOrGiveUp(scope: DeliveryScope, delivery: Delivery, error: unknown): Promise<boolean> {
  const { subscription, logger } = scope;
  const { attempt, sequence } = delivery;
  const { maxAttempts, onExhausted } = subscription;
  if (attempt >= maxAttempts && onExhausted !== "block") {
    return giveUp(scope, delivery, error);
  }
  const delayMs = backoffMs(attempt, subscription.backoff);
  logger.warn({ err: error, sequence, attempt, maxAttempts, delayMs }, "message failed; it is tried again");
  delivery.retryAfter(delayMs);
  return false;
}

function giveUp(scope: DeliveryScope, delivery: Delivery, error: unknown): boolean | Promise<boolean> {
  const { subscription, logger } = scope;
  const { attempt, sequence } = delivery;
  switch (subscription.onExhausted) {
    case "block":
      delivery.retryAfter(backoffMs(attempt, subscription.backoff));
      return false;
    case "skip":
      logger.error({ err: error, sequence, attempt }, "message skipped");
      delivery.terminate();
      return true;
    case "dead-letter":
      return park(scope, delivery, error);
  }
}

async function park(scope: DeliveryScope, delivery: Delivery, error: unknown): Promise<boolean> {
  const { broker, subscription, logger } = scope;
  const { attempt, sequence } = delivery;
  try {
    await parkDeadLetter(broker, subscription, delivery, error);
  } catch (parkError) {
    logger.error(
      { err: parkError, sequence, attempt },
      "dead letter cannot be stored; the message is tried again",
    );
    delivery.retryAfter(backoffMs(attempt, subscription.backoff));
    return false;
  }
  logger.error({ err: error, sequence, attempt }, "message parked as a dead letter");
  delivery.terminate();
  return true;
}

// What a consumer is told, checked once.
import type { StreamInfo } from "nats";
import { invalidConfiguration } from "../../errors/index.ts";
import type { BackoffOptions } from "../../resilience/index.ts";
import type { Logger, SpanAttributes } from "../../telemetry/index.ts";
import type { Broker } from "../broker.ts";
import type { Delivery } from "./delivery.ts";
import type { Received } from "./received.ts";
import type { Start } from "./start.ts";

/** What becomes of a message that is exhausted: parked, tried for ever while its key waits, or dropped. */
type ExhaustedPolicy = "dead-letter" | "block" | "skip";

/** How often a message is tried, and when. */
export interface RetryOptions extends BackoffOptions {
  /**
   * After so many attempts the message is exhausted. Default 8: with the default delays that is after 11.3 s at the
   * most, 0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 5, and the time of the handler.
   */
  readonly maxAttempts?: number;
}

/** A message that was read: whose it is, and what it says. */
export interface Opened<T> {
  readonly key: string;
  readonly value: T;
}

/** Handles messages one by one, or those of a partition together, in order. */
export type Work<T> =
  | { readonly type: "single"; handle(value: T, delivery: Delivery): unknown }
  | {
      readonly type: "batch";
      readonly maxBatch: number;
      handle(values: readonly T[], deliveries: readonly Delivery[]): unknown;
    };

export interface ConsumerOptions<T> {
  readonly broker: Broker;
  /** The stream's name, with the prefix. */
  readonly stream: string;
  /** Makes sure that the stream exists, and tells what it is. */
  ensureStream(): Promise<StreamInfo>;
  /** What dead letters, logs and metrics call the stream: the topic's name. */
  readonly name: string;
  readonly partitions: number;
  /** The subject of a partition, with the prefix. */
  subject(partition: number): string;
  /** Who handles: each group gets every message. */
  readonly group: string;
  /** Reads a message; where it throws, the message is given up at once. */
  open(message: Received): Opened<T>;
  readonly work: Work<T>;
  /** What the spans of its messages say beside the usual. */
  describe?(value: T): SpanAttributes;
  /** How many handlers run at once in this process. Default 16. */
  readonly concurrency?: number;
  readonly retry?: RetryOptions;
  /** Default `dead-letter`. */
  readonly onExhausted?: ExhaustedPolicy;
  /** Where a group begins that is new. Default: with the first message. */
  readonly start?: Start;
  /** Default `at-least-once`. With `at-most-once`, a place is saved before its message is handled. */
  readonly mode?: "at-least-once" | "at-most-once";
  /** A handler that takes longer has failed. Default 60,000 ms. */
  readonly handlerTimeoutMs?: number;
  /**
   * A partition with so many undone messages, most of them behind failed ones, is read no further until half of them
   * are done. Default 65,536: about 10 MB of numbers.
   */
  readonly maxUndone?: number;
  /**
   * Runs before the first handler of a partition, each time that this process took it; and again when a handler threw
   * `Fenced`.
   */
  onTake?(partition: number): Promise<void>;
  /** Runs before a message is parked; where it throws, the message is tried again. */
  onGiveUp?(message: Received, why: { readonly error: unknown; readonly attempts: number }): Promise<void>;
  readonly signal: AbortSignal;
  /** How long running handlers may go on after the stop. Default 25,000 ms. */
  readonly graceMs?: number;
  readonly logger: Logger;
}

/** Options without a hole. */
export interface ResolvedConsumer<T> extends ConsumerOptions<T> {
  readonly concurrency: number;
  readonly maxAttempts: number;
  readonly backoff: BackoffOptions;
  readonly onExhausted: ExhaustedPolicy;
  readonly start: Start;
  readonly atMostOnce: boolean;
  readonly handlerTimeoutMs: number;
  readonly maxUndone: number;
  readonly graceMs: number;
}

/** Thrown by a handler whose process seems to have lost its partition: the message is not to blame. */
export class Fenced extends Error {}

/** Thrown by a handler for what no further attempt would change: the message is given up at once, because of the cause. */
export class GiveUp extends Error {}

/** Thrown by a handler for what is not the message's fault: it is tried again, and the attempt does not count. */
export class Postponed extends Error {}

const defaultMaxAttempts = 8;
const groupPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** What can be wrong in itself. */
export type CheckedOptions = Pick<
  ConsumerOptions<never>,
  "group" | "name" | "retry" | "concurrency" | "handlerTimeoutMs"
> & { readonly work: { readonly type: "single" } | { readonly type: "batch"; readonly maxBatch: number } };

/**
 * Checks the options of a consumer.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the setting.
 */
export function checkConsumer(options: CheckedOptions): void {
  const { group, name, retry, concurrency, handlerTimeoutMs, work } = options;
  if (!groupPattern.test(group)) {
    throw invalidConfiguration(
      `Group of a subscription to ${name} must be of letters, digits, "_" and "-", at most 64: current value is "${group}"`,
    );
  }
  const settings = {
    "retry.maxAttempts": retry?.maxAttempts,
    concurrency,
    handlerTimeoutMs,
    maxBatch: work.type === "batch" ? work.maxBatch : undefined,
  };
  for (const [setting, value] of Object.entries(settings)) {
    if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
    throw invalidConfiguration(
      `${setting} of subscription ${group} to ${name} must be a positive integer: current value is ${value}`,
    );
  }
}

/**
 * Options with their defaults.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the setting.
 */
export function resolveConsumer<T>(options: ConsumerOptions<T>): ResolvedConsumer<T> {
  checkConsumer(options);
  const { maxAttempts = defaultMaxAttempts, ...backoff } = options.retry ?? {};
  return {
    ...options,
    concurrency: options.concurrency ?? 16,
    maxAttempts,
    backoff,
    onExhausted: options.onExhausted ?? "dead-letter",
    start: options.start ?? "beginning",
    atMostOnce: options.mode === "at-most-once",
    handlerTimeoutMs: options.handlerTimeoutMs ?? 60_000,
    maxUndone: options.maxUndone ?? 65_536,
    graceMs: options.graceMs ?? 25_000,
  };
}

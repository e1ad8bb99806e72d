// One run of a publication on the ranges that are held: from pages of events to stored messages and saved checkpoints.
import { setTimeout as sleep } from "node:timers/promises";
import type { HeldRange } from "../cluster/index.ts";
import { SamspelError } from "../errors/index.ts";
import { comparePositions, type Position, type RangedEvent, type RangedPage } from "../journal/index.ts";
import { isTransient } from "../postgres/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import {
  createPublisher,
  ensureStream,
  takeLanes,
  type Lane,
  type OutgoingMessage,
  sureOf,
  type PublishTrouble,
} from "../topic/index.ts";
import { findAlreadyStored, type AlreadyStored } from "./already-stored.ts";
import { createMessageMaker, UnpublishableError } from "./make-messages.ts";
import type { PublicationMetrics } from "./publication-metrics.ts";
import { workName } from "./publish.ts";
import { asWhole, furthest, inRanges, type RangedJournal } from "./ranged-journal.ts";
import type { RunPublicationOptions } from "./run-publication.ts";
import { createPassingStates } from "./states.ts";
import { createTrack, type Tracked } from "./track.ts";

/** What outlives a run. */
export interface PublicationMemory {
  /** Up to where all events of a range are stored, as far as this process did it. */
  readonly stored: Map<number, Position>;
  /** Where a range is blocked, and how often in a row it was. */
  readonly blockedAt: Map<number, { readonly position: Position; readonly times: number }>;
}

export interface PublishingOptions extends RunPublicationOptions {
  readonly metrics: PublicationMetrics;
  readonly memory: PublicationMemory;
}

export interface Publishing {
  readonly journal: RangedJournal;
  readonly from: ReadonlyMap<number, Position>;
  /** Aborts when the run has to end: by the lease, or by a failure. */
  readonly signal: AbortSignal;
  /** Takes in a page; waits while too much is on its way. */
  publish(page: RangedPage): Promise<void>;
  /** Waits for what is in flight and saves how far it came. */
  close(): Promise<void>;
  /** Throws what ended the run, if something did. */
  throwFailure(): void;
}

export const defaultPageSize = 1_000;
const defaultMaxWaiting = 4_096;
/** From a stored message to the save of its range: what comes meanwhile is saved with it. */
const saveAfterMs = 100;
const idleSaveMs = 1_000;
/** How long a stop waits for acks. */
const ackGraceMs = 2_000;
/** A blocked range is tried again after so long; other instances may try then, too. */
const blockedForMs = { first: 1_000, most: 30_000 };
/** The fifth time in a row, some 3 s after the first, is no hiccup: the log calls it an error. */
const stuckAfter = 5;

/** Claims the ranges and their lanes; undefined where the lease ended before the broker could be reached. */
export async function openPublishing(
  options: PublishingOptions,
  held: readonly HeldRange[],
): Promise<Publishing | undefined> {
  const {
    publication,
    database,
    broker,
    service,
    logger,
    metrics,
    memory,
    maxWaiting = defaultMaxWaiting,
    pageSize = defaultPageSize,
  } = options;
  const name = workName(publication);
  const about = { topic: publication.topic.name };
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const journal = (publication.order === "journal" ? asWhole : inRanges)({ ...options, name, held });
  const claimed = await journal.claim();
  const from = furthest(claimed, memory.stored);
  const taken = await takeLanesPatiently();
  if (taken === undefined) return undefined;
  const { lanes, maxBytes, already } = taken;

  const track = createTrack({ held, from, saved: claimed });
  const maker = createMessageMaker({
    publication,
    states: new Map(
      [...publication.sources].map(([type, { entity }]) => [type, createPassingStates(database, entity)]),
    ),
    service,
    prefix: broker.prefix,
    maxBytes,
  });
  const publisher = createPublisher(broker, { onTrouble, sure: taken.sure });
  const progress = createLatch();
  const room = createLatch();
  let failure: Error | undefined;
  let waitsForRoom = false;
  let blocked: NodeJS.Timeout | undefined;
  const saving = saveOn();
  progress.set();

  /** Waits for the broker as long as the lease lasts. */
  async function takeLanesPatiently(): Promise<
    | {
        readonly lanes: ReadonlyMap<number, Lane>;
        readonly maxBytes: number;
        readonly sure: ReturnType<typeof sureOf>;
        readonly already: AlreadyStored;
      }
    | undefined
  > {
    for (let failures = 0; !signal.aborted;) {
      await broker.connected(signal);
      if (signal.aborted) return undefined;
      try {
        const { config } = await ensureStream(broker, publication.topic);
        const ranges = held.map(({ range }) => range);
        const lanes = await takeLanes({
          broker,
          stream: config.name.slice(broker.prefix.length),
          names: ranges.map((range) => `${service}.publication.${range}`),
          confirm: () => journal.claim(),
          signal,
        });
        const payload = broker.connection.info?.max_payload ?? Infinity;
        const most = config.max_msg_size > 0 ? Math.min(payload, config.max_msg_size) : payload;
        return {
          lanes: new Map(lanes.map((lane, index) => [ranges[index] ?? 0, lane])),
          maxBytes: most,
          sure: sureOf(broker, config),
          already: await findAlreadyStored({ ...options, held }, config),
        };
      } catch (error) {
        if (isFinal(error)) throw error;
        onTrouble({ reason: error instanceof Error ? error.message : String(error), failures: ++failures });
        await backoff(failures, signal);
      }
    }
    return undefined;
  }

  function onTrouble({ reason, failures }: PublishTrouble): void {
    metrics.failed("broker");
    const level = failures < stuckAfter ? "warn" : "error";
    logger[level]({ ...about, reason, failures }, "the broker does not take messages now: publishing waits");
    // The stream may be what is missing; the next try tells.
    if (failures > 1) void ensureStream(broker, publication.topic).catch(() => {});
  }

  const end = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error(String(error));
    ended.abort();
  };

  /** The range goes no further in this run (P5). */
  const block = ({ range, position }: RangedEvent, error: unknown): void => {
    track.block(range);
    const before = memory.blockedAt.get(range);
    const isSame = before !== undefined && comparePositions(before.position, position) === 0;
    const times = isSame ? before.times + 1 : 1;
    memory.blockedAt.set(range, { position, times });
    const waitMs = Math.min(blockedForMs.most, blockedForMs.first * 2 ** Math.min(times - 1, 10));
    blocked ??= setTimeout(() => end(error), waitMs);
  };

  const onUnpublishable = (event: RangedEvent, error: unknown): void => {
    metrics.failed("event");
    const facts = {
      ...about,
      err: error,
      entityType: event.entityType,
      entityId: event.entityId,
      revision: String(event.revision),
    };
    if (publication.onFailure === "skip") {
      logger.error(facts, "EVENT NOT PUBLISHED: it is skipped, as onFailure says");
      track.add(event, 0);
      return;
    }
    logger.error(facts, "PUBLICATION BLOCKED: it waits at this event until a version can publish it");
    block(event, error);
  };

  const send = (event: RangedEvent, tracked: Tracked, message: OutgoingMessage): void => {
    publisher.send(message, lanes.get(event.range), (outcome) => {
      if (outcome.type === "stored") {
        metrics.published();
        track.stored(tracked);
        progress.set();
        if (waitsForRoom && track.waiting <= maxWaiting / 2) room.set();
      } else if (outcome.type === "given up") {
        end(new SamspelError("SAMSPEL_LEASE_LOST", outcome.reason));
      } else if (publication.onFailure === "skip") {
        onUnpublishable(event, new Error(outcome.reason));
        track.stored(tracked);
        progress.set();
      } else onUnpublishable(event, new Error(outcome.reason));
    });
  };

  const takeIn = (event: RangedEvent): void => {
    if (track.isBlocked(event.range)) return;
    try {
      const messages = maker.messagesOf(event).filter((message) => !already.has(message));
      const tracked = track.add(event, messages.length);
      for (const message of messages) send(event, tracked, message);
    } catch (error) {
      if (error instanceof UnpublishableError) onUnpublishable(event, error);
      else {
        logger.error({ ...about, err: error }, "PUBLICATION BLOCKED: another version knows this event");
        block(event, error);
      }
    }
  };

  /** What is stored is remembered beyond this run: it is not published again where saving it failed. */
  const remember = (): void => {
    for (const [range, position] of track.done()) memory.stored.set(range, position);
  };

  async function save(idle: boolean): Promise<void> {
    const positions = track.savable(idle);
    if (positions.length === 0) return;
    await journal.save(positions);
    track.saved(positions);
  }

  /** Saves some ten times a second while messages are stored. A database that is away is waited for (P4). */
  async function saveOn(): Promise<void> {
    let failures = 0;
    let idleAtMs = performance.now();
    while (!signal.aborted) {
      await progress.wait(idleSaveMs, signal);
      await sleep(saveAfterMs, undefined, { signal }).catch(() => {});
      const idle = performance.now() - idleAtMs >= idleSaveMs;
      try {
        await save(idle);
        if (idle) idleAtMs = performance.now();
        failures = 0;
      } catch (error) {
        if (!isTransient(error)) return end(error);
        logger.warn({ ...about, err: error, failures: ++failures }, "checkpoint not saved: trying again");
        await backoff(failures, signal);
      }
    }
  }

  return {
    journal,
    from,
    signal,
    async publish(page) {
      await maker.prepare(page.events);
      for (const event of page.events) {
        while (track.waiting >= maxWaiting && !signal.aborted) {
          waitsForRoom = true;
          await room.wait(idleSaveMs, signal);
          waitsForRoom = false;
        }
        if (signal.aborted) return;
        takeIn(event);
      }
      track.reach(page.next);
      if (page.events.length < pageSize) already.clear();
    },
    async close() {
      clearTimeout(blocked);
      await publisher.stop(ackGraceMs);
      ended.abort();
      await saving;
      publisher[Symbol.dispose]();
      remember();
      await save(true).catch((error: unknown) => {
        if (failure === undefined) logger.warn({ ...about, err: error }, "last checkpoint not saved");
      });
    },
    throwFailure() {
      if (failure !== undefined) throw failure;
    },
  };
}

function isFinal(error: unknown): boolean {
  return (
    error instanceof SamspelError &&
    (error.code === "SAMSPEL_LEASE_LOST" || error.code === "SAMSPEL_INVALID_CONFIGURATION")
  );
}

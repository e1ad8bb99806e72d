// The live entities of one type in this process: found by id, loaded on demand, let go when idle (J5).
import type { Message } from "@bufbuild/protobuf";
import { SamspelError } from "../errors/index.ts";
import type { Journal, TimerDue } from "../journal/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Entity } from "./entity.ts";
import { createEntityMetrics } from "./entity-metrics.ts";
import { fingerprint } from "./fingerprint.ts";
import type { CommandRequest } from "./command-request.ts";
import { inSpans } from "./command-spans.ts";
import { handleCommand } from "./handle-command.ts";
import { LiveEntity } from "./live-entity.ts";
import { RecentlyUsed } from "./recently-used.ts";

export interface EntityHostOptions {
  readonly entity: Entity;
  readonly journal: Journal;
  /** An entity without commands for so long leaves memory. Default 120,000 ms. */
  readonly passivateAfterMs?: number;
  /** At most so many entities stay in memory; the longest unused goes first. Default 10,000. */
  readonly maxLive?: number;
  /** Whether states are deep-frozen. Default true. */
  readonly freeze?: boolean;
  /** Where it is told that a snapshot could not be taken. Default: nowhere. */
  readonly logger?: Logger;
  /** Is told of each timer that an entity scheduled, after the commit. Default: nobody. */
  readonly onSchedule?: (due: TimerDue) => void;
  /** Who tells, as the tells of commands say: the service's name. Default: commands cannot tell. */
  readonly source?: string;
}

export interface EntityHost extends Disposable {
  readonly entity: Entity;
  /** How many entities are in memory. */
  readonly live: number;
  /** Sends a command to an entity and gives its reply. */
  ask(request: CommandRequest): Promise<Message>;
}

/** Creates the host of an entity type. Dispose it when no command runs any more. */
export function createEntityHost(options: EntityHostOptions): EntityHost {
  const {
    entity,
    journal,
    passivateAfterMs = 120_000,
    maxLive = 10_000,
    freeze = true,
    logger,
    onSchedule,
    source,
  } = options;
  const stateFingerprint = fingerprint(entity);
  const entities = new RecentlyUsed<LiveEntity>();
  const metrics = createEntityMetrics(entity.name, () => entities.size);

  const find = (entityId: string): LiveEntity => {
    const known = entities.use(entityId);
    if (known !== undefined) {
      known.lastUsedMs = performance.now();
      return known;
    }
    makeRoom();
    const live = new LiveEntity({
      entity,
      entityId,
      journal,
      fingerprint: stateFingerprint,
      freeze,
      metrics,
    });
    entities.add(entityId, live);
    return live;
  };

  const makeRoom = (): void => {
    if (entities.size < maxLive) return;
    for (const [entityId, live] of entities) {
      if (live.mailbox.idle) {
        entities.delete(entityId);
        return;
      }
    }
    throw new SamspelError(
      "SAMSPEL_OVERLOADED",
      `All ${maxLive} live entities of ${entity.name} are busy: the limit is maxLiveEntities`,
      {
        metadata: { limit: String(maxLive) },
      },
    );
  };

  const passivate = (): void => {
    const before = performance.now() - passivateAfterMs;
    for (const [entityId, live] of entities) {
      if (live.lastUsedMs > before) return;
      if (live.mailbox.idle) entities.delete(entityId);
    }
  };
  const timer = setInterval(passivate, Math.max(10, passivateAfterMs / 10)).unref();

  const ask = (request: CommandRequest, onRevision?: (revision: bigint) => void): Promise<Message> => {
    try {
      const live = find(request.entityId);
      const running = live.mailbox.run(() =>
        handleCommand(
          { entity, journal, live, fingerprint: stateFingerprint, logger, onSchedule, source },
          request,
          onRevision,
        ),
      );
      return metrics.command(request.command, running);
    } catch (error) {
      return Promise.reject(error);
    }
  };

  return {
    entity,
    get live() {
      return entities.size;
    },
    ask: inSpans(entity.name, ask),
    [Symbol.dispose]() {
      clearInterval(timer);
      metrics[Symbol.dispose]();
      entities.clear();
    },
  };
}

// The projections of a service: how they are, and what may be done to them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  WorkState,
  type ProjectionBuildSchema,
  type ResetProjectionRequest,
} from "../gen/samspel/v1/backoffice_pb.ts";
import { encodePosition } from "../journal/index.ts";
import {
  dropParked,
  listParked,
  pauseProjection,
  projectionState,
  rebuildProjection,
  resetProjection,
  resumeProjection,
  retryParked,
  type BuildState,
  type Projection,
  type ProjectionRef,
  type ResetTo,
} from "../projection/index.ts";
import { limitOf, pageToken, refuse, shown, tokenText } from "../request/index.ts";
import { lagAnswer, stateAnswer } from "./answers.ts";
import { formatParkedId, parseParkedId } from "./parked-id.ts";
import { projectionNamed, required, type BackofficeParts, type Methods } from "./parts.ts";
import { timeOf } from "./time.ts";

type Names =
  | "listProjections"
  | "pauseProjection"
  | "resumeProjection"
  | "resetProjection"
  | "rebuildProjection"
  | "listParkedEvents"
  | "retryParkedEvents"
  | "dropParkedEvents";

export function projectionMethods(parts: BackofficeParts): Methods<Names> {
  const { projections, homeOf, database, cluster, journal } = parts;
  const refTo = (name: string): ProjectionRef => {
    const projection = projectionNamed(parts, name);
    return { home: homeOf(projection), projection: projection.name };
  };
  const statusOf = async (projection: Projection) => {
    const { paused, builds } = await projectionState({
      projection,
      home: homeOf(projection),
      database: required(database, "database"),
      cluster: required(cluster, "database"),
    });
    return {
      name: projection.name,
      state: builds.length === 0 ? WorkState.NOT_STARTED : stateAnswer(paused),
      entityTypes: [...projection.entityTypes],
      builds: builds.map(buildAnswer),
    };
  };
  return {
    async listProjections() {
      const wanted = projections.toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return { projections: await Promise.all(wanted.map(statusOf)) };
    },
    async pauseProjection({ name }) {
      await pauseProjection(refTo(name));
      return {};
    },
    async resumeProjection({ name }) {
      await resumeProjection(refTo(name));
      return {};
    },
    async resetProjection({ name, to }) {
      const ref = refTo(name);
      await resetProjection({ ...ref, journal: required(journal, "database"), to: resetTo(to) });
      return {};
    },
    async rebuildProjection({ name }) {
      await rebuildProjection(refTo(name));
      return {};
    },

    async listParkedEvents({ projection, limit: asked, pageToken: token }) {
      const limit = limitOf(asked);
      const ref = refTo(projection);
      const after = token === "" ? {} : { after: parseParkedId("page_token", tokenText(token)) };
      // One more than asked for tells whether there is another page.
      const found = await listParked({ ...ref, ...after, limit: limit + 1 });
      const events = found.slice(0, limit);
      const last = found.length > limit ? events.at(-1) : undefined;
      return {
        parkedEvents: events.map((event) => ({
          id: formatParkedId(event),
          entityType: event.entityType,
          entityId: event.entityId,
          revision: event.revision,
          error: event.error,
          attempts: event.attempts,
          failedAt: timestampFromDate(event.failedAt),
          blocked: event.state === "blocked",
          retryAsked: event.retryAsked,
          history: event.history.map(({ at, error }) => ({ time: timestampFromDate(new Date(at)), error })),
        })),
        nextPageToken: last === undefined ? "" : pageToken(formatParkedId(last)),
      };
    },
    async retryParkedEvents({ projection, id }) {
      return { asked: BigInt(await retryParked({ ...refTo(projection), ...eventOf(id) })) };
    },
    async dropParkedEvents({ projection, id }) {
      return { dropped: BigInt(await dropParked({ ...refTo(projection), ...eventOf(id) })) };
    },
  };
}

function eventOf(id: string): { readonly event?: ReturnType<typeof parseParkedId> } {
  return id === "" ? {} : { event: parseParkedId("id", id) };
}

function buildAnswer(build: BuildState): MessageInitShape<typeof ProjectionBuildSchema> {
  const { lag, ranges, version, state, eventsPerSecond, parked, blocked } = build;
  return {
    version: BigInt(version),
    serving: state === "live",
    lag: lagAnswer({ count: lag.events, estimated: lag.isEstimate, ageMs: lag.seconds * 1_000 }),
    eventsPerSecond: BigInt(eventsPerSecond),
    parked: BigInt(parked),
    blocked: BigInt(blocked),
    parts: ranges.map(({ range, owner = "", position }) => ({
      number: range,
      owner,
      position: encodePosition(position),
    })),
  };
}

const positionPattern = /^(\d{1,20})-(\d{1,19})$/;

/** @throws SAMSPEL_INVALID_REQUEST */
function resetTo(to: ResetProjectionRequest["to"]): ResetTo {
  switch (to.case) {
    case "beginning":
      if (to.value) return { type: "beginning" };
      throw refuse("beginning", "true, or another member of the oneof set", "false");
    case "time":
      return { type: "time", time: timeOf("time", timestampDate(to.value)) };
    case "position": {
      const [, tx, sequence] = positionPattern.exec(to.value) ?? [];
      if (tx !== undefined && sequence !== undefined) {
        return { type: "position", position: { tx: BigInt(tx), sequence: BigInt(sequence) } };
      }
      throw refuse("position", "a place in the journal, such as 7421-13", shown(to.value));
    }
    case undefined:
      throw refuse("to", "one of beginning, time and position", "");
  }
}

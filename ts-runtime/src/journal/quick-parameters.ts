// The rows of a group of appends as the parameters of the quick statement: a column is an array, and all bytes of the
// group are one parameter, cut by place and size, as the driver writes arrays of `bytea` as escaped text. As base64, as
// all parameters of the driver are text: its own form of a `bytea` has half as many letters again and is copied twice
// more, which took this process 2 to 3 µs an event of 200 bytes, and the server no less.
import { sliceOf } from "../descriptor/index.ts";
import { plainArray, textArray } from "../postgres/index.ts";
import type { Append } from "./journal.ts";
import { OutboxRows } from "./outbox-rows.ts";

/** The columns of each kind of row, and the bytes that they cut. */
export interface QuickParameters {
  /** In base64. */
  readonly bytes: string;
  readonly events: readonly string[];
  /** Empty where there are none, as for snapshots. */
  readonly commands: readonly string[];
  readonly snapshots: readonly string[];
  /** Empty where there are none, too. */
  readonly tells: readonly string[];
}

export function quickParameters(appends: readonly Append[]): QuickParameters {
  const bytes = new Bytes();
  const events = new Rows(bytes);
  const commands = new Rows(bytes);
  const snapshots = new Rows(bytes);
  const slices: number[] = [];
  const metadata: (string | undefined)[] = [];
  const commandIds: string[] = [];
  const fingerprints: string[] = [];
  let tells: OutboxRows | undefined;
  for (const append of appends) {
    const { entityId, expectedRevision, command, snapshot } = append;
    if (append.tells !== undefined) {
      tells ??= new OutboxRows((body) => bytes.add(body));
      for (const tell of append.tells) tells.add(tell);
    }
    const slice = sliceOf(entityId);
    const about = append.metadata && JSON.stringify(append.metadata);
    let revision = expectedRevision;
    for (const { payload } of append.events) {
      events.add(append, ++revision, payload);
      slices.push(slice);
      metadata.push(about);
    }
    if (command !== undefined) {
      commands.add(append, revision, command.reply);
      commandIds.push(command.id);
    }
    if (snapshot !== undefined) {
      snapshots.add(append, revision, snapshot.state);
      fingerprints.push(snapshot.fingerprint);
    }
  }
  // Where no event has metadata the array is empty, and `unnest` fills it up with nulls.
  const hasMetadata = metadata.some((about) => about !== undefined);
  return {
    bytes: bytes.all(),
    events: [...events.columns(), plainArray(slices), hasMetadata ? textArray(metadata) : "{}"],
    commands: commandIds.length === 0 ? [] : [...commands.columns(), textArray(commandIds)],
    snapshots: fingerprints.length === 0 ? [] : [...snapshots.columns(), textArray(fingerprints)],
    tells: tells?.columns() ?? [],
  };
}

/** What each kind of row has: whose it is, at which revision, and bytes. */
class Rows {
  readonly #bytes: Bytes;
  readonly #types: string[] = [];
  readonly #ids: string[] = [];
  readonly #revisions: bigint[] = [];
  readonly #places: number[] = [];
  readonly #sizes: number[] = [];

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  add({ entityType, entityId }: Append, revision: bigint, bytes: Uint8Array): void {
    this.#types.push(entityType);
    this.#ids.push(entityId);
    this.#revisions.push(revision);
    this.#places.push(this.#bytes.add(bytes));
    this.#sizes.push(bytes.length);
  }

  columns(): readonly string[] {
    return [
      textArray(this.#types),
      textArray(this.#ids),
      plainArray(this.#revisions),
      plainArray(this.#places),
      plainArray(this.#sizes),
    ];
  }
}

class Bytes {
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  /** The place where the piece begins. */
  add(piece: Uint8Array): number {
    const place = this.#size;
    this.#pieces.push(piece);
    this.#size += piece.length;
    return place;
  }

  all(): string {
    return Buffer.concat(this.#pieces, this.#size).toString("base64");
  }
}

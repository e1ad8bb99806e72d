// The rows of a group of appends as the parameters of the quick statement: a column is an array, and all bytes of the
// group are one parameter, cut by place and size, as the driver writes arrays of `bytea` as escaped text. As base64, as
// all parameters of the driver are text: its own form of a `bytea` has half as many letters again and is copied twice
// more, which took this process 2 to 3 µs an event of 200 bytes, and the server no less.
import { sliceOf } from "../descriptor/index.ts";
import { plainArray, textArray } from "../postgres/index.ts";
import type { Append } from "./journal.ts";
import { OutboxRows } from "./outbox-rows.ts";
import type { Kinds } from "./quick-statement.ts";

/** What the quick statement of a group takes, and which statement that is. */
export interface QuickParameters {
  readonly kinds: Kinds;
  /** All bytes, in base64. */
  readonly bytes: string;
  /** Of events, commands, snapshots and tells; without those that the group does not have. */
  readonly columns: readonly string[];
}

/** `appends` stand in the order of their types. */
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
  const kinds: Kinds = {
    types: appends[0]?.entityType !== appends.at(-1)?.entityType,
    metadata: metadata.some((about) => about !== undefined),
    commands: commandIds.length > 0,
    snapshots: fingerprints.length > 0,
    tells: tells !== undefined,
  };
  return {
    kinds,
    bytes: bytes.all(),
    columns: [
      ...events.columns(kinds),
      plainArray(slices),
      ...(kinds.metadata ? [textArray(metadata)] : []),
      ...(kinds.commands ? [...commands.columns(kinds), textArray(commandIds)] : []),
      ...(kinds.snapshots ? [...snapshots.columns(kinds), textArray(fingerprints)] : []),
      ...(tells?.columns() ?? []),
    ],
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

  /** The type of all, or those of each; ids, revisions, places and sizes. */
  columns({ types }: Pick<Kinds, "types">): readonly string[] {
    return [
      types ? textArray(this.#types) : (this.#types[0] ?? ""),
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

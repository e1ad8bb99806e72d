// The tables in which a session of Node's HTTP/2 keeps its streams, in a form that lets go of those that have ended.
//
// Node has a `Map` and a `Set` there, and each stream comes and goes: so they outgrow their tables again and again, and V8
// keeps an outgrown table for as long as one before it is in the old generation, as each points to the next (see `Roster`).
// Then all streams, with the calls that hang on them, are copied by each young collection and stay until the next full one:
// at 64 calls in flight collections of 12 ms in place of half a millisecond, six times a second, at both ends.
//
// The tables are Node's own and have no name for others. Where a version of Node keeps its streams otherwise, nothing is
// changed; a test says so.
import type { Http2Session } from "node:http2";

/** What Node 24 keeps of a session. */
interface Tables {
  /** Of streams that have an id. */
  streams: Map<number, object>;
  /** Of those that have none yet. */
  pendingStreams: Set<object>;
}

/** Streams by their ids. An object with numbers for names forgets what is deleted. */
class StreamsById extends Map<number, object> {
  #byId: Record<number, object> = newTable();
  #size = 0;

  override get size(): number {
    return this.#size;
  }

  override get(id: number): object | undefined {
    return this.#byId[id];
  }

  override has(id: number): boolean {
    return this.#byId[id] !== undefined;
  }

  override set(id: number, stream: object): this {
    if (!this.has(id)) this.#size += 1;
    this.#byId[id] = stream;
    return this;
  }

  override delete(id: number): boolean {
    if (!this.has(id)) return false;
    Reflect.deleteProperty(this.#byId, id);
    this.#size -= 1;
    return true;
  }

  override clear(): void {
    this.#byId = newTable();
    this.#size = 0;
  }

  override forEach(tell: (stream: object, id: number, all: Map<number, object>) => void): void {
    for (const [id, stream] of this.entries()) tell(stream, id, this);
  }

  override entries(): MapIterator<[number, object]> {
    return Object.entries(this.#byId)
      .map(([id, stream]): [number, object] => [Number(id), stream])
      .values();
  }

  override keys(): MapIterator<number> {
    return Object.keys(this.#byId).map(Number).values();
  }

  override values(): MapIterator<object> {
    return Object.values(this.#byId).values();
  }

  override [Symbol.iterator](): MapIterator<[number, object]> {
    return this.entries();
  }
}

/** Streams without an id. There are few: what is added is mostly deleted before another one comes. */
class PendingStreams extends Set<object> {
  #streams: object[] = [];

  override get size(): number {
    return this.#streams.length;
  }

  override has(stream: object): boolean {
    return this.#streams.includes(stream);
  }

  override add(stream: object): this {
    if (!this.has(stream)) this.#streams.push(stream);
    return this;
  }

  override delete(stream: object): boolean {
    const at = this.#streams.lastIndexOf(stream);
    if (at === -1) return false;
    this.#streams.splice(at, 1);
    return true;
  }

  override clear(): void {
    this.#streams = [];
  }

  override forEach(tell: (stream: object, same: object, all: Set<object>) => void): void {
    // Each may be deleted when it is told.
    for (const stream of this.#streams.slice()) tell(stream, stream, this);
  }

  override entries(): SetIterator<[object, object]> {
    return this.#streams.map((stream): [object, object] => [stream, stream]).values();
  }

  override keys(): SetIterator<object> {
    return this.values();
  }

  override values(): SetIterator<object> {
    return [...this.#streams].values();
  }

  override [Symbol.iterator](): SetIterator<object> {
    return this.values();
  }
}

/**
 * Gives a session that has no stream yet tables that let go of streams.
 * @returns whether it has them now: not where this version of Node keeps its streams otherwise.
 */
export function letStreamsGo(session: Http2Session): boolean {
  const name = Object.getOwnPropertySymbols(session).find(({ description }) => description === "state");
  const tables: unknown = name && Reflect.get(session, name);
  if (!isTables(tables) || tables.streams.size + tables.pendingStreams.size > 0) return false;
  tables.streams = new StreamsById();
  tables.pendingStreams = new PendingStreams();
  return true;
}

/** By what they can do: Node's own are no instances of `Map` and `Set`. */
function isTables(value: unknown): value is Tables {
  if (typeof value !== "object" || value === null) return false;
  if (!("streams" in value) || !("pendingStreams" in value)) return false;
  return can(value.streams, ["get", "set", "delete"]) && can(value.pendingStreams, ["add", "delete"]);
}

function can(table: unknown, names: readonly string[]): boolean {
  if (typeof table !== "object" || table === null || !("size" in table)) return false;
  return names.every((name) => typeof Reflect.get(table, name) === "function");
}

function newTable(): Record<number, object> {
  return Object.create(null) as Record<number, object>;
}

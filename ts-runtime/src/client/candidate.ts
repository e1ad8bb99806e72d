// An instance among those that calls of a proto service may go to: what balancing knows of it, and the way to it.
import type { OutgoingHttpHeaders } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import {
  LoadEntry,
  MemberHealth,
  type Balancer,
  type CallOutcome,
  type InstanceLoad,
  type Member,
  type UsualLatency,
} from "../balance/index.ts";
import type { RawStream } from "../grpc/index.ts";
import type { CallTrack, Channel, SharedChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { Target } from "./instance-source.ts";

/** What the candidates of a proto service have in common. */
export interface CandidateHome {
  readonly balancer: Balancer<Candidate>;
  /** Of a method with one answer; undefined for others. */
  usualOf(method: DescMethod): UsualLatency | undefined;
  readonly now: () => number;
}

export class Candidate implements Channel, Member {
  readonly name: string;
  readonly load: InstanceLoad;
  readonly health: MemberHealth = new MemberHealth();
  readonly shared: SharedChannel;
  weight: number;
  zone: string;
  inFlight = 0;
  readonly #home: CandidateHome;

  constructor(shared: SharedChannel, target: Target, home: CandidateHome) {
    this.name = shared.name;
    this.load = shared.load;
    this.shared = shared;
    this.weight = weightOf(target);
    this.zone = zoneOf(target);
    this.#home = home;
  }

  /** What the registry says of it now. */
  update(target: Target): void {
    this.weight = weightOf(target);
    this.zone = zoneOf(target);
  }

  get transport(): Transport {
    return this.shared.connection.transport;
  }

  request(path: string, headers: OutgoingHttpHeaders): Promise<RawStream> {
    return this.shared.connection.request(path, headers);
  }

  begin(method: DescMethod): CallTrack {
    const track = new Track(this.#home, this, this.#home.usualOf(method));
    this.#home.balancer.begin(this, track);
    return track;
  }
}

/** One object for all that is kept of a call. */
class Track extends LoadEntry implements CallTrack {
  readonly #home: CandidateHome;
  readonly #candidate: Candidate;
  readonly #connection: Connection;
  #isOver = false;

  constructor(home: CandidateHome, candidate: Candidate, usual: UsualLatency | undefined) {
    super(home.now(), usual);
    this.#home = home;
    this.#candidate = candidate;
    this.#connection = candidate.shared.connection;
    this.#connection.begin();
  }

  end(outcome: CallOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#home.balancer.end(this.#candidate, this, outcome);
    this.#connection.end();
  }
}

function weightOf({ weight = 1 }: Target): number {
  return Math.max(1, weight);
}

function zoneOf({ meta }: Target): string {
  return meta["zone"] ?? "";
}

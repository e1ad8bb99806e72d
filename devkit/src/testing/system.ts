// A system under test, as tests see it.
import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { Clients, Receipt, TellOptions } from "@samspel/runtime";
import type { EventuallyOptions, TestPublisher, TopicMethod } from "@samspel/runtime/testing";
import type { Sql } from "postgres";
import type { Edge } from "./faults/index.ts";
import type { MemberState } from "./members/index.ts";
import type { Published } from "./published.ts";
import type { ServiceSpec } from "./service-spec.ts";
import type { InfraName } from "./wiring/index.ts";

export interface SystemOptions<Name extends string> {
  /** The services, by the names that the test calls them; also their names in the registry, unless they say another. */
  readonly services: Readonly<Record<Name, ServiceSpec>>;
  /** Where relative paths begin: `import.meta.dirname` for those of the test's file. Default: the working directory. */
  readonly dir?: string;
  /**
   * A Postgres in which databases may be made. Default: `TEST_DATABASE_URL`, else `DATABASE_URL`, else one that all tests of
   * this machine share.
   */
  readonly databaseUrl?: string;
  /** NATS with JetStream. Default: `TEST_NATS_URL`, else `NATS_URL`, else one that all tests of this machine share. */
  readonly natsUrl?: string;
  /** The system's own registry: in this process, or a real Consul. Default `embedded`. */
  readonly registry?: "embedded" | "consul";
  /**
   * Who the services and the test are to each other: `consul` gives all of them certificates of the registry, and calls are by
   * mTLS, as docs/concepts/identity.md has it. Default `none`.
   */
  readonly identity?: "none" | "consul";
  /** Variables for all services that are programs; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long a program may take to register and pass its check. Default 60,000 ms. */
  readonly readyTimeoutMs?: number;
}

/** One service of the system. */
export interface SystemService {
  readonly name: string;
  readonly state: MemberState;
  /** Where it listens, past all faults: for clients of the test's own. @throws TypeError while it is down. */
  readonly url: string;
  /** Asks it to end as SIGTERM does, and waits for that. Its data stays. */
  stop(): Promise<void>;
  /**
   * Ends it at once, as `kill -9` does: the registry learns of it by its check. A service in the test's process is cut off
   * from everything before it is stopped, so that to all others it died.
   */
  kill(): Promise<void>;
  /** Starts it again, after a stop, a kill or a crash. */
  start(): Promise<void>;
  /** Stops it, if it runs, and starts it again on the same data: what was in memory only is gone. */
  restart(): Promise<void>;
  /**
   * It does nothing, and does not know (SIGSTOP), until the block ends or `thaw` is called. In the test's process, all its
   * edges hold what they carry instead.
   */
  freeze(): Disposable & { thaw(this: void): void };
  /** What it wrote, at most its last 2,000 lines. */
  logs(): string;
}

/** The test itself, as the name of an edge's begin: its clients call as any service does. */
export type TestName = "test";

/** A system of services, with infra of its own. `await using` ends it and removes all of it. */
export interface System<Name extends string> extends AsyncDisposable {
  /** A client that finds a proto service's instances in the registry, and tells, too. Its calls begin at `test`. */
  readonly client: Clients["client"];
  /** Tells a method; the same as `client(Service).tell.method(…)`. */
  tell<I extends DescMessage, O extends DescMessage>(
    this: void,
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: TellOptions,
  ): Promise<Receipt<O>>;
  service(this: void, name: Name): SystemService;
  /** What lies between two members, to make faults on it. */
  between(this: void, from: Name | TestName, to: Name | InfraName): Edge;
  /** Everything that leads to a service and from it. */
  around(this: void, name: Name): Edge;
  /** Between all members and Postgres. */
  readonly postgres: Edge;
  /** Between all members and NATS. */
  readonly nats: Edge;
  /** Between all members and the registry; `restart` makes it forget what was registered. */
  readonly registry: Edge & { restart(this: void): Promise<void> };
  /** All that a topic holds, in the order of its stream: whatever was published since the system began. */
  published<M extends DescMessage>(this: void, topic: TopicMethod<M>): Promise<readonly Published<M>[]>;
  /** Publishes to a topic in the place of its service; resolves with the message's id, when it is stored. */
  readonly publish: TestPublisher["publish"];
  /**
   * Waits until `attempt` neither throws nor gives false, and returns what it gives.
   * @throws SystemError that says what was waited for in vain, with the services' last lines; at once when a service crashed.
   */
  until<T>(
    this: void,
    what: string,
    attempt: () => T | Promise<T>,
    options?: EventuallyOptions,
  ): Promise<Exclude<T, false>>;
  /** Runs SQL in the system's database, past all faults; tables are in the schemas of their services. */
  readonly sql: Sql;
  /** The system's Postgres, NATS and registry, past all faults, and what stands before the names of its streams. */
  readonly infra: {
    readonly databaseUrl: string;
    readonly natsUrl: string;
    readonly registryUrl: string;
    readonly topicPrefix: string;
  };
  /** What all services wrote, as it came, with the service's name before each line. */
  logs(this: void): string;
  /**
   * Lifts all faults, stops all services and removes all that the system made.
   * @throws SystemError where a service crashed and was not started again, and for what could not be removed.
   */
  close(this: void): Promise<void>;
}

/** A system cannot be started, used or ended. The message has what its services wrote last. */
export class SystemError extends Error {
  static {
    this.prototype.name = "SystemError";
  }
}

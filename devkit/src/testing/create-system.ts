// The system as tests see it, over its parts.
import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { Clients, Receipt, TellOptions } from "@samspel/runtime";
import { eventually, type EventuallyOptions, type Leak } from "@samspel/runtime/testing";
import postgres, { type Sql } from "postgres";
import type { Ground } from "./ground/index.ts";
import type { Member, SystemLog } from "./members/index.ts";
import { readPublished } from "./published.ts";
import { SystemError, type System, type SystemService } from "./system.ts";
import type { TestMember } from "./test-member.ts";
import type { Wiring } from "./wiring/index.ts";

/** How much of each service's log an error shows. */
const shownLines = 15;

export interface SystemParts {
  readonly ground: Ground;
  readonly wiring: Wiring;
  readonly log: SystemLog;
  readonly members: readonly Member[];
  readonly test: TestMember;
  /** Ends everything; what could not be removed. */
  readonly end: () => Promise<readonly Leak[]>;
}

export function createSystem<Name extends string>(parts: SystemParts): System<Name> {
  const { ground, wiring, log, members } = parts;
  const { clients, publisher } = parts.test;
  const { databaseUrl, natsUrl, topicPrefix } = ground;
  let sql: Sql | undefined;
  let closed: Promise<void> | undefined;

  const memberOf = (name: string): Member => {
    const member = members.find((candidate) => candidate.name === name);
    if (member !== undefined) return member;
    const known = members.map((candidate) => candidate.name).join(", ");
    throw new TypeError(`The system has no service ${name}: it has ${known}`);
  };
  const crashed = (): readonly Member[] => members.filter(({ state }) => state === "crashed");
  const refuseCrashed = (): void => {
    const [first] = crashed();
    if (first !== undefined) throw new SystemError(crashText(first, log));
  };

  const until = async <T>(
    what: string,
    attempt: () => T | Promise<T>,
    options?: EventuallyOptions,
  ): Promise<Exclude<T, false>> => {
    let crash: SystemError | undefined;
    const value = await eventually(
      what,
      async () => {
        try {
          refuseCrashed();
        } catch (error) {
          crash = error instanceof SystemError ? error : undefined;
          return undefined;
        }
        return attempt();
      },
      options,
    ).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SystemError(`${reason}\n${lastLines(members, log)}`, { cause });
    });
    if (crash !== undefined) throw crash;
    return value as Exclude<T, false>;
  };

  const close = async (): Promise<void> => {
    const problems = crashed().map((member) => crashText(member, log));
    await sql?.end({ timeout: 1 });
    const leaks = await parts.end();
    problems.push(...leaks.map(({ what, error }) => `${what} could not be removed: ${reasonOf(error)}`));
    if (problems.length > 0) throw new SystemError(problems.join("\n"));
  };

  return {
    client: clients.client,
    tell: <I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      request: MessageInitShape<I>,
      options?: TellOptions,
    ) => tell(clients, method, request, options) as Promise<Receipt<O>>,
    service: (name) => serviceOf(memberOf(name), log),
    between: (from, to) => wiring.between(from, to),
    around: (name) => wiring.around(memberOf(name).name),
    postgres: wiring.to("postgres"),
    nats: wiring.to("nats"),
    registry: { ...wiring.to("registry"), restart: () => ground.registry.restart() },
    publish: publisher.publish,
    published: (method) => readPublished(ground.nats, topicPrefix, method),
    until,
    get sql() {
      return (sql ??= postgres(databaseUrl, { max: 4, onnotice: () => {} }));
    },
    infra: { databaseUrl, natsUrl, registryUrl: ground.registry.url, topicPrefix },
    logs: () => log.text(),
    close: () => (closed ??= close()),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

/** Clients have a method to tell for each unary method of a service. */
function tell(
  { client }: Clients,
  method: DescMethodUnary,
  request: object,
  options: TellOptions | undefined,
): Promise<unknown> {
  const telling: unknown = Reflect.get(client(method.parent), "tell");
  const told: unknown =
    typeof telling === "object" && telling !== null ? Reflect.get(telling, method.localName) : undefined;
  if (typeof told === "function") return Promise.resolve(told(request, options));
  throw new TypeError(`Cannot tell ${method.parent.typeName}.${method.name}`);
}

function serviceOf(member: Member, log: SystemLog): SystemService {
  const { name } = member;
  return {
    name,
    get state() {
      return member.state;
    },
    get url() {
      if (member.url === undefined) throw new TypeError(`${name} has no address as it is ${member.state}`);
      return member.url;
    },
    stop: () => member.stop(),
    kill: () => member.kill(),
    start: () => member.start(),
    async restart() {
      await member.stop();
      await member.start();
    },
    freeze() {
      member.freeze();
      const thaw = (): void => member.thaw();
      return { thaw, [Symbol.dispose]: thaw };
    },
    logs: () => log.text(name),
  };
}

function crashText({ name }: Member, log: SystemLog): string {
  return `${name} crashed. Its last lines:\n${indented(log.text(name, shownLines))}`;
}

function lastLines(members: readonly Member[], log: SystemLog): string {
  return members
    .map(({ name, state }) => `${name} (${state}) wrote last:\n${indented(log.text(name, shownLines))}`)
    .join("\n");
}

function indented(text: string): string {
  return text === "" ? "  nothing" : text.replaceAll(/^/gm, "  │ ");
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

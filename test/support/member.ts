// The member: an entity that knows a person, and can forget it; and processes that serve members.
import { create, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import type { Test } from "tap";
import {
  createEntityHost,
  defineEntity,
  persist,
  type Entity,
  type EntityHost,
  type EntityHostOptions,
} from "../../ts-runtime/src/entity/index.ts";
import {
  AddNoteRequestSchema,
  ForgetMemberRequestSchema,
  GetMemberRequestSchema,
  GreetRequestSchema,
  MemberEventSchema,
  MemberSchema,
  MemberService,
  PayFeeRequestSchema,
  RegisterRequestSchema,
  type Member,
} from "../gen/samspel/test/v1/member_pb.ts";
import type { Process } from "./journal.ts";

export type MemberEntity = Entity<typeof MemberService, typeof MemberSchema, typeof MemberEventSchema>;

export interface MemberOptions {
  readonly snapshotEvery?: number | false;
  /** Is told of each event that is asked what remains of it. */
  readonly onForget?: () => void;
  /** Erases every event, in place of what holds personal data. */
  readonly everything?: boolean;
}

/** Defines a member. Of a note nothing remains, of a registration that there was one. */
export function defineMember(options: MemberOptions = {}): MemberEntity {
  const { snapshotEvery = 100, onForget = () => {}, everything = false } = options;
  return defineEntity(
    MemberService,
    { name: "member", state: MemberSchema, event: MemberEventSchema, snapshotEvery },
    {
      commands: {
        register: (_, { name, email }) =>
          persist({ case: "registered", value: { name, email } }).reply((member) => ({ member })),
        addNote: (_, { text }) => persist({ case: "noted", value: { text } }).reply((member) => ({ member })),
        payFee: (_, { amount }) =>
          persist({ case: "feePaid", value: { amount } }).reply((member) => ({ member })),
        greet: ({ name }) => ({ text: `Hello ${name}` }),
        forgetMember: () =>
          persist({ case: "forgotten", value: {} })
            .forget()
            .reply((member) => ({ member })),
        getMember: (member) => ({ member }),
      },
      events: {
        registered: (member, { name, email }) => ({ ...member, name, email }),
        noted: (member, { text }) => ({ ...member, notes: [...member.notes, text] }),
        feePaid: (member, { amount }) => ({ ...member, paid: member.paid + amount }),
        forgotten: (member) => ({ ...member, timesForgotten: member.timesForgotten + 1 }),
      },
      forget: everything
        ? "everything"
        : {
            registered(event) {
              onForget();
              return { ...event, name: "", email: "" };
            },
            noted() {
              onForget();
              return undefined;
            },
          },
    },
  );
}

/** One process that serves members; several of them on one schema are several instances. */
export interface Members {
  readonly host: EntityHost;
  register(memberId: string, name: string, commandId?: string): Promise<Member>;
  addNote(memberId: string, text: string, commandId?: string): Promise<Member>;
  payFee(memberId: string, amount: bigint, commandId?: string): Promise<Member>;
  greet(memberId: string, commandId?: string): Promise<string>;
  forget(memberId: string, commandId?: string): Promise<Member>;
  get(memberId: string): Promise<Member>;
}

/** Serves members on a process; it ends with the test. */
export function serveMembers(
  t: Test,
  { journal }: Process,
  options: Partial<EntityHostOptions> & MemberOptions = {},
): Members {
  const host = createEntityHost({ entity: defineMember(options), journal, ...options });
  t.teardown(() => host[Symbol.dispose]());
  const ask = (
    command: string,
    request: Message & { readonly memberId: string },
    commandId?: string,
  ): Promise<Message> =>
    host.ask({
      command,
      entityId: request.memberId,
      request,
      commandId,
      client: () => {
        throw new Error("a member calls nobody");
      },
      signal: AbortSignal.timeout(60_000),
      requestHeader: new Headers(),
    });
  const askMember = async (...args: Parameters<typeof ask>): Promise<Member> => {
    const reply = (await ask(...args)) as Message & { readonly member?: Member };
    return reply.member ?? create(MemberSchema);
  };
  return {
    host,
    register: (memberId, name, id) =>
      askMember("register", create(RegisterRequestSchema, { memberId, name, email: `${name}@mail` }), id),
    addNote: (memberId, text, id) =>
      askMember("addNote", create(AddNoteRequestSchema, { memberId, text }), id),
    payFee: (memberId, amount, id) =>
      askMember("payFee", create(PayFeeRequestSchema, { memberId, amount }), id),
    async greet(memberId, id) {
      const reply = (await ask("greet", create(GreetRequestSchema, { memberId }), id)) as Message & {
        readonly text: string;
      };
      return reply.text;
    },
    forget: (memberId, id) => askMember("forgetMember", create(ForgetMemberRequestSchema, { memberId }), id),
    get: (memberId) => askMember("getMember", create(GetMemberRequestSchema, { memberId })),
  };
}

export type MemberEventInit = NonNullable<MessageInitShape<typeof MemberEventSchema>["event"]>;

/** The tables of the journal's schema that hold a text somewhere, in any column, bytes included. */
export async function tablesWith({ database }: Process, text: string): Promise<readonly string[]> {
  const { sql, schema } = database;
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = ${schema}`;
  const found: string[] = [];
  const hex = Buffer.from(text).toString("hex");
  for (const { name } of tables) {
    const rows = await sql`
      select from ${sql(name)} t where t::text like ${`%${text}%`} or t::text like ${`%${hex}%`} limit 1`;
    if (rows.length > 0) found.push(name);
  }
  return found.toSorted();
}

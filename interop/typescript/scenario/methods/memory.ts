// The methods that keep something, or tell what was kept.
import { Code } from "@connectrpc/connect";
import { reject, type InboxImpl, type ServiceContext } from "@samspel/runtime";
import type { ScenarioService } from "../../gen/samspel/scenario/v1/scenario_pb.ts";
import { createTables } from "./tables.ts";

interface NoteRow {
  readonly text: string;
  readonly command_id: string;
  readonly tenant: string;
  readonly traceparent: string;
}

interface ConsumedRow {
  readonly id: string;
  readonly key: string;
  readonly number: number;
  readonly tenant: string;
  readonly traceparent: string;
  readonly source: string;
}

type Methods = Pick<InboxImpl<typeof ScenarioService>, "note" | "notes" | "consumed">;

export function memoryMethods({ sql }: ServiceContext): Methods {
  return {
    async note({ key, text }, { sql: tx, requestHeader }) {
      if (key === "reject") {
        throw reject(Code.FailedPrecondition, "this key is refused", { reason: "SCENARIO_REJECTED" });
      }
      await createTables(sql);
      const header = (name: string): string => requestHeader.get(name) ?? "";
      await tx`
        insert into note (key, text, command_id, tenant, traceparent)
        values (${key}, ${text}, ${header("samspel-command-id")}, ${header("x-tenant")}, ${header("traceparent")})`;
      const [row] = await tx<{ count: number }[]>`select count(*)::int from note where key = ${key}`;
      return { count: row?.count ?? 0 };
    },

    async notes({ key }) {
      await createTables(sql);
      const rows = await sql<NoteRow[]>`select * from note where key = ${key} order by at`;
      return { notes: rows.map(({ command_id: commandId, ...note }) => ({ ...note, commandId })) };
    },

    async consumed() {
      await createTables(sql);
      const rows = await sql<ConsumedRow[]>`select * from consumed order by at`;
      return { events: rows.map(({ key, number, ...event }) => ({ ...event, event: { key, number } })) };
    },
  };
}

// The query side: the list as it is, and the list as it changes.
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { drainingSignal, reject, type ServiceContext, type Sql } from "@samspel/runtime";
import type { PopularItemsService } from "../gen/popular/v1/popular_items_api_pb.ts";
import { popularItems } from "./projection.ts";

const defaultLimit = 10;
const maxLimit = 1_000;

/** Implements PopularItemsService on the tables that the projection keeps. */
export function popularItemsImpl({
  sql,
  changes,
  caughtUp,
}: ServiceContext): ServiceImpl<typeof PopularItemsService> {
  return {
    async listPopularItems({ limit }, context) {
      const most = limitOf(limit);
      await caughtUp(popularItems, { after: context }); // who asks for it sees what it just did
      return { items: await list(sql, most) };
    },

    async *watchPopularItems({ limit }, context) {
      const most = limitOf(limit);
      for await (const _ of changes(popularItems, drainingSignal(context)))
        yield { items: await list(sql, most) };
    },
  };
}

interface Row {
  readonly sku: string;
  readonly added: bigint;
  readonly checkouts: bigint;
}

async function list(sql: Sql, limit: number): Promise<Row[]> {
  return sql<Row[]>`select sku, added, checkouts from popular_item order by added desc, sku limit ${limit}`;
}

function limitOf(limit: number): number {
  if (limit < 0 || limit > maxLimit) {
    throw reject(Code.InvalidArgument, `limit must be from 1 to ${maxLimit}: current value is ${limit}`);
  }
  return limit === 0 ? defaultLimit : limit;
}

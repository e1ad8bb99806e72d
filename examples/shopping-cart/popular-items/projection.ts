// What people put into carts and what they buy, counted from the carts' events.
import { project } from "@samspel/runtime";
import { cart } from "../cart/cart.ts";

export const popularItems = project("popular-items", cart, {
  async setup(sql) {
    await sql`
      create table if not exists popular_item (
        sku text primary key,
        added bigint not null default 0,
        checkouts bigint not null default 0
      )`;
    await sql`
      create table if not exists popular_cart_item (
        cart_id text not null,
        sku text not null,
        primary key (cart_id, sku)
      )`;
  },

  events: {
    async itemAdded({ sku, quantity }, { sql, entityId }) {
      await sql`
        insert into popular_item (sku, added) values (${sku}, ${quantity})
        on conflict (sku) do update set added = popular_item.added + excluded.added`;
      await sql`insert into popular_cart_item (cart_id, sku) values (${entityId}, ${sku}) on conflict do nothing`;
    },

    async itemRemoved({ sku }, { sql, entityId }) {
      await sql`delete from popular_cart_item where cart_id = ${entityId} and sku = ${sku}`;
    },

    async checkedOut(_, { sql, entityId }) {
      await sql`
        with bought as (delete from popular_cart_item where cart_id = ${entityId} returning sku)
        update popular_item set checkouts = checkouts + 1 from bought where popular_item.sku = bought.sku`;
    },
  },
});

// The cart service.
import { startService } from "@samspel/runtime";
import { cart } from "./cart.ts";
import { checkedOut } from "./topics.ts";

await startService({ name: "cart", entities: [cart], topics: [checkedOut] });

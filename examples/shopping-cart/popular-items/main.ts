// The popular-items service: a read side of the carts, deployed on its own so that it scales apart from them. It
// reads the journal of the cart service, of which it is a part: hence the same schema.
import { serve, startService } from "@samspel/runtime";
import { PopularItemsService } from "../gen/popular/v1/popular_items_api_pb.ts";
import { popularItems } from "./projection.ts";
import { popularItemsImpl } from "./service.ts";

await startService({
  name: "popular-items",
  schema: "cart",
  projections: [popularItems],
  services: [serve(PopularItemsService, popularItemsImpl)],
});

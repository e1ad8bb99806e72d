// Methods as the dashboard's server lists them: of each kind of stream, with each kind of field.
import { create } from "@bufbuild/protobuf";
import { MethodSchema, type Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";

const draft = "https://json-schema.org/draft/2020-12/schema";

function schemaOf(name: string, properties: object, more: object = {}, defs: object = {}): string {
  const message = { type: "object", properties, additionalProperties: false, ...more };
  return JSON.stringify({ $schema: draft, $ref: `#/$defs/${name}`, $defs: { [name]: message, ...defs } });
}

const text = { type: "string" };
const cartId = {
  type: "string",
  "x-key": true,
  description: "The cart; it comes into being with its first item.",
};
const items = { type: "object", additionalProperties: { type: "integer", format: "int32" } };

const subscribe = schemaOf(
  "samspel.v1.SubscribeRequest",
  {
    beginning: {
      type: "boolean",
      description: "True: everything that the topic still holds, then what is published.",
    },
    time: { type: "string", format: "date-time" },
    position: text,
    group: { type: "string", description: "A consumer group: its streams share the topic." },
  },
  { "x-oneofs": { from: ["beginning", "time", "position"] } },
);

/** Of a message of the topic. */
export const checkedOutSchema: string = schemaOf("cart.v1.CartCheckedOut", {
  cartId,
  items: { ...items, description: "How many of each." },
});

/** Every kind of field in one message. */
const everything = schemaOf(
  "inventory.v1.ImportRequest",
  {
    warehouse: text,
    count: {
      type: ["string", "integer"],
      format: "int64",
      description: "More than JSON's numbers can hold.",
    },
    weight: { type: "number" },
    urgent: { type: "boolean" },
    grade: { enum: ["GRADE_UNSPECIFIED", "GRADE_A", "GRADE_B"] },
    at: { type: "string", format: "date-time" },
    label: { type: "string", contentEncoding: "base64" },
    tags: { type: "array", items: text },
    parts: { type: "array", items: { $ref: "#/$defs/inventory.v1.Part" } },
    stock: items,
    box: { $ref: "#/$defs/inventory.v1.Part" },
    code: text,
    number: { type: "integer", format: "int32" },
    extra: {},
  },
  { "x-oneofs": { name: ["code", "number"] } },
  {
    "inventory.v1.Part": {
      type: "object",
      properties: { sku: text, inner: { $ref: "#/$defs/inventory.v1.Part" } },
    },
  },
);

/** A method without the fields that few need. */
function method(
  path: string,
  services: readonly string[],
  more: Parameters<typeof create<typeof MethodSchema>>[1],
): Method {
  const [protoService = "", name = ""] = path.split("/");
  const pack = protoService.slice(0, protoService.lastIndexOf("."));
  return create(MethodSchema, {
    protoService,
    name,
    services: [...services],
    input: `${pack}.${name}Request`,
    output: `${pack}.${name}Response`,
    ...more,
  });
}

const cart = (name: string, more: Parameters<typeof create<typeof MethodSchema>>[1]): Method =>
  method(`cart.v1.CartService/${name}`, ["cart"], {
    keyField: "cartId",
    tellable: true,
    requestSchema: schemaOf(`cart.v1.${name}Request`, { cartId }),
    requestTemplate: '{"cartId":""}',
    ...more,
  });

/** All methods of the shop. */
export const shopMethods: readonly Method[] = [
  method("billing.v1.BillingService/ListInvoices", ["billing"], {
    comment: "All invoices, by cart.",
    serverStreaming: true,
    idempotency: "NO_SIDE_EFFECTS",
    requestSchema: schemaOf("billing.v1.ListInvoicesRequest", {
      unpaid: { type: "boolean", description: "Only those that are not paid." },
    }),
    requestTemplate: '{"unpaid":false}',
  }),
  cart("AddItem", {
    comment: "Adds a quantity of an item. Refused after the checkout.",
    requestSchema: schemaOf("cart.v1.AddItemRequest", {
      cartId,
      sku: { type: "string", description: "The item's stock keeping unit." },
      quantity: { type: "integer", format: "int32", description: "How many; at least 1." },
    }),
    requestTemplate: '{"cartId":"","sku":"","quantity":0}',
    http: ["POST /v1/carts/{cart_id}/items"],
  }),
  cart("Checkout", {
    comment: "Orders what is in the cart, if inventory has it.",
    idempotency: "IDEMPOTENT",
  }),
  cart("GetCart", {
    comment: "Tells what is in the cart.",
    idempotency: "NO_SIDE_EFFECTS",
    http: ["GET /v1/carts/{cart_id}"],
  }),
  method("cart.v1.CartTopics/CheckedOut", ["cart"], {
    comment: "Every checkout, once, in order of each cart.",
    input: "samspel.v1.SubscribeRequest",
    output: "cart.v1.CartCheckedOut",
    serverStreaming: true,
    topic: "cart.v1.CartTopics.CheckedOut",
    requestSchema: subscribe,
    requestTemplate: '{"beginning":true,"group":""}',
  }),
  method("inventory.v1.InventoryService/Import", ["inventory"], {
    comment: "Takes in what was delivered.",
    clientStreaming: true,
    requestSchema: everything,
    requestTemplate: '{"warehouse":"","count":"0"}',
  }),
  method("inventory.v1.InventoryService/Reserve", ["inventory"], {
    comment: "Sets stock aside for a cart.",
    idempotency: "IDEMPOTENT",
    requestSchema: schemaOf("inventory.v1.ReserveRequest", { cartId, items }),
    requestTemplate: '{"cartId":"","items":{}}',
  }),
  method("popular.v1.PopularItemsService/WatchPopularItems", ["popular-items"], {
    comment: "Sends the list now and again after each change of it.",
    serverStreaming: true,
    requestSchema: schemaOf("popular.v1.WatchPopularItemsRequest", { limit: { type: "integer" } }),
    requestTemplate: '{"limit":10}',
  }),
  method("shipping.v1.ShippingService/Talk", ["shipping"], {
    comment: "Talks with a driver.",
    clientStreaming: true,
    serverStreaming: true,
    requestSchema: schemaOf("shipping.v1.TalkRequest", { text }),
    requestTemplate: '{"text":""}',
  }),
];

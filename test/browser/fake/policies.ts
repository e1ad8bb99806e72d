// The policies of the fake's services.
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  PolicyField_Origin as Origin,
  type GetPoliciesResponseSchema,
} from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";

const byDefault = { origin: Origin.DEFAULT, where: "" };

/** What a service tells: the cart has something of each origin, and a value that is refused. */
export function fakePolicies(service: string): MessageInitShape<typeof GetPoliciesResponseSchema> {
  if (service !== "cart") return {};
  const protoService = "inventory.v1.InventoryService";
  return {
    services: [
      {
        protoService,
        instances: [{ path: "preferZone", value: "true", ...byDefault }],
        methods: [
          {
            method: "GetStock",
            fields: [
              {
                path: "timeoutMs",
                value: "500",
                origin: Origin.REGISTRY,
                where: `samspel/policy/${protoService}`,
              },
              { path: "waitForReady", value: "false", ...byDefault },
              {
                path: "retry.maxAttempts",
                value: "5",
                origin: Origin.PROTO,
                where: `(samspel.v1.call) of ${protoService}/GetStock in inventory/v1/inventory_api.proto`,
              },
              {
                path: "bulkhead.maxInFlight",
                value: "50",
                origin: Origin.CONFIGURATION,
                where: `policyFor(${protoService}).methods.getStock`,
              },
            ],
          },
        ],
      },
    ],
    refused: [
      {
        key: "samspel/policy/cart.v1.CartService",
        protoService: "cart.v1.CartService",
        reason:
          'The policy samspel/policy/cart.v1.CartService cannot be: timeout must be a duration such as "0.5s": current value is "soon"',
      },
    ],
  };
}

import t from "tap";
import { ruledMethod } from "../../../test/support/methods.ts";
import { DoorService, WindowService } from "../../../test/gen/samspel/test/v1/door_pb.ts";
import { callRule } from "./call-rule.ts";

const nobody = { type: "named", services: new Set(), users: undefined };

t.test("callRule() reads a method's own rule, else its service's, else none", async (t) => {
  t.same(callRule(DoorService.method.knock), { type: "anybody" });
  t.same(callRule(DoorService.method.visit), { ...nobody, users: { roles: [], scopes: [] } });
  t.same(callRule(DoorService.method.clean), {
    type: "named",
    services: new Set(["cleaner"]),
    users: { roles: ["owner"], scopes: [] },
  });
  t.equal(callRule(WindowService.method.glance), undefined);
  t.same(callRule(ruledMethod({ allow: {}, allowService: { anonymous: true } })), nobody, "nobody");
});

t.test("callRule() refuses a rule that says two things, or none that can be kept", async (t) => {
  const refused = {
    "anonymous and services": { anonymous: true, services: ["cart"] },
    "anonymous and users": { anonymous: true, users: true },
    "anonymous and roles": { anonymous: true, roles: ["admin"] },
    "users and roles": { users: true, roles: ["admin"] },
    "users and scopes": { users: true, scopes: ["read"] },
    "a service that no registry has": { services: ["cart.v1.CartService"] },
    "a role without letters": { roles: [""] },
    "two scopes in one": { scopes: ["read write"] },
    "a field of a later version": {
      users: true,
      $unknown: [{ no: 99, wireType: 0, data: new Uint8Array([1]) }],
    },
  };
  for (const [name, allow] of Object.entries(refused)) {
    const error = { code: "SAMSPEL_INVALID_CONFIGURATION", message: /test\.Ruled\/Do/ };
    t.throws(() => callRule(ruledMethod({ allow })), error, name);
    const ofService = { code: "SAMSPEL_INVALID_CONFIGURATION", message: /allow_service\) of test\.Ruled/ };
    t.throws(() => callRule(ruledMethod({ allowService: allow })), ofService, name);
  }
});

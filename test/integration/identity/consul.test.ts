// Identity by a real Consul's CA.
import t from "tap";
import { consulUrl } from "../../support/environment.ts";
import { identitySuite } from "./suite.ts";

t.test("identity by Consul", (t) => identitySuite(t, consulUrl()));

// The contract, kept by real Consul: what the embedded registry is measured by.
import t from "tap";
import { consulUrl } from "../../support/environment.ts";
import { registryContract } from "./contract.ts";

t.test("Consul keeps the contract", (t) => registryContract(t, consulUrl()));

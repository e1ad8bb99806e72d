// connectrpc's conformance suite against our client: gRPC over HTTP/2, in plaintext and over TLS, every kind of method, and
// servers that break each rule. No case is known to fail. Alone: `npm test -- test/conformance/client.test.ts`.
import t from "tap";
import { passesConformance } from "./runner.ts";

t.test("createGrpcClientTransport() passes connectrpc's conformance suite", (t) =>
  passesConformance(t, "client"),
);

// connectrpc's conformance suite against our server, and against our gateway before it: every protocol, HTTP version,
// codec and kind of method. No case is known to fail. It takes about a minute; alone:
// `npm test -- test/conformance/server.test.ts`.
import t from "tap";
import { passesConformance } from "./runner.ts";

t.test("startRpcServer() passes connectrpc's conformance suite", (t) => passesConformance(t, "server"));

t.test("startGateway() passes it, too", (t) => passesConformance(t, "gateway"));

import { create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { CallRequest, commandContext } from "./call-request.ts";

/** A call that notes what is looked at. */
class Call {
  readonly looked: string[] = [];

  get signal(): AbortSignal {
    this.looked.push("signal");
    return new AbortController().signal;
  }

  get requestHeader(): Headers {
    this.looked.push("requestHeader");
    return new Headers({ "accept-language": "sv" });
  }
}

function requestOf(call: Call): CallRequest {
  return new CallRequest({
    command: "rename",
    entityId: "a1",
    request: create(EmptySchema),
    commandId: "c1",
    client: () => {
      throw new TypeError("It calls nobody");
    },
    call,
  });
}

t.test(
  "commandContext() of a call makes neither its signal nor its headers before somebody looks",
  async (t) => {
    const call = new Call();
    const context = commandContext(requestOf(call), 7n);
    t.equal(context.entityId, "a1");
    t.equal(context.commandId, "c1");
    t.equal(context.caller.type, "anonymous");
    t.strictSame(call.looked, []);
    t.equal(context.requestHeader.get("accept-language"), "sv");
    t.strictSame(call.looked, ["requestHeader"]);
  },
);

t.test("commandContext() of a call may be spread", async (t) => {
  const context = { ...commandContext(requestOf(new Call()), 7n) };
  t.equal(context.requestHeader.get("accept-language"), "sv");
  t.notOk(context.signal.aborted);
  t.equal(context.revision, 7n);
});

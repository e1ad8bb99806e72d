// Instances that come, go, and are out of sight.
import { Code, ConnectError } from "@connectrpc/connect";
import { clientOf, parameter, same, soon, type Run, type Scenario, type ScenarioClient } from "./scenario.ts";

const seenWithinSeconds = 15;
/** What is new gets its share little by little. */
const fairWithinSeconds = 20;
const goneWithinSeconds = 10;
const callsInARow = 100;
const callers = 8;

async function servedBy(client: ScenarioClient): Promise<string> {
  return (await client.echo({ text: "who" })).servedBy;
}

export const discovery: Scenario = async (run) => {
  const client = clientOf(run);
  const gone = run.parameters["gone"];
  if (gone !== undefined) return isGone(client, gone);
  const instances = Number(parameter(run, "instances"));
  const seen = new Set<string>();
  await soon(`${instances} instances answer`, seenWithinSeconds, async () => {
    seen.add(await servedBy(client));
    return seen.size === instances;
  });
  const fair = callsInARow / instances / 5;
  await soon(`at least ${fair} of ${callsInARow} calls each`, fairWithinSeconds, async () => {
    const shares = new Map<string, number>();
    for (let call = 0; call < callsInARow; call++) {
      const name = await servedBy(client);
      shares.set(name, (shares.get(name) ?? 0) + 1);
    }
    return [...seen].every((name) => (shares.get(name) ?? 0) >= fair);
  });
};

/** Not seen in a hundred calls in a row. */
async function isGone(client: ScenarioClient, gone: string): Promise<void> {
  let without = 0;
  await soon(`${gone} is gone`, goneWithinSeconds, async () => {
    for (let call = 0; call < 20; call++) without = (await servedBy(client)) === gone ? 0 : without + 1;
    return without >= callsInARow;
  });
}

async function neverFails(run: Run, count: number): Promise<void> {
  const client = clientOf(run);
  const end = performance.now() + Number(parameter(run, "seconds")) * 1_000;
  const call = async (): Promise<void> => {
    while (performance.now() < end) await client.echo({ text: "on" });
  };
  await Promise.all(Array.from({ length: count }, call));
}

export const reRegistration: Scenario = (run) => neverFails(run, 1);
export const drain: Scenario = (run) => neverFails(run, callers);

export const mtls: Scenario = async (run) => {
  const client = clientOf(run);
  if (parameter(run, "expect") === "denied") {
    await soon("calls are refused", 5, async () => {
      const error = await client.echo({ text: "?" }).then(
        () => undefined,
        (reason: unknown) => ConnectError.from(reason),
      );
      return error !== undefined && [Code.PermissionDenied, Code.Unavailable].includes(error.code);
    });
    return;
  }
  const { service, spiffeId } = await client.caller({});
  same("the caller", service, "driver-typescript");
  same("its id", /^spiffe:\/\/[^/]+\/ns\/default\/dc\/[^/]+\/svc\/driver-typescript$/.test(spiffeId), true);
};

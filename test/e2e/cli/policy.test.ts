// `samspel policy`, as a person or a script runs it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { descriptorSetOf } from "../../../ts-runtime/src/descriptor/index.ts";
import { PolicedService } from "../../gen/samspel/test/v1/policed_pb.ts";
import { registered, type Registered } from "../join/joined.ts";
import { samspelHere, type Ended } from "./run-cli.ts";

const protoService = PolicedService.typeName;
const key = `samspel/policy/${protoService}`;

/** A registry with an instance of PolicedService, which need not run. */
async function withPoliced(t: Test): Promise<Registered> {
  const on = await registered(t);
  await on.registry.place({
    name: "policed",
    address: "127.0.0.1",
    port: 1,
    protoServices: [protoService],
    descriptors: descriptorSetOf([PolicedService]),
    check: { type: "none" },
  });
  return on;
}

/** In this process: what takes no second process needs none. */
async function outcome(on: Registered, ...args: readonly string[]): Promise<Ended> {
  const { code, out, err } = await samspelHere(["policy", ...args], { CONSUL_HTTP_ADDR: on.url });
  return { code, out: out.trimEnd(), err: err.trimEnd() };
}

t.test(
  "samspel policy sets fields of a service and of a method, shows what holds and from where, and unsets them",
  async (t) => {
    const on = await withPoliced(t);
    t.match(await outcome(on, "ls"), { code: 0, out: /^no policies are set in the registry at / });
    t.match(
      await outcome(on, "set", "PolicedService", "timeoutMs=2s", "breaker=off", "instances.subsetSize=20"),
      {
        code: 0,
        out: new RegExp(`^${protoService}: ${key} is\n\\{`),
        err: "",
      },
    );
    t.match(
      await outcome(
        on,
        "set",
        "PolicedService/Look",
        "retry.maxAttempts=2",
        "hedge.delayMs=30ms",
        "--for",
        "shop",
      ),
      {
        code: 0,
      },
    );
    t.same(JSON.parse((await on.registry.values.read(key))?.text ?? ""), {
      methodConfig: [
        { name: [{ service: protoService }], timeout: "2s", samspel: { breaker: { enabled: false } } },
      ],
      samspel: { instances: { subsetSize: 20 } },
    });
    const { out } = await outcome(on, "ls");
    t.match(
      out,
      /^proto service +for +says +problem\n.*PolicedService +all +timeoutMs 2000 +–\n +breaker\.enabled false\n +instances\.subsetSize 20/,
    );
    t.match(out, /PolicedService +shop +Look retry\.maxAttempts 2 +–/);
    const shown = (await outcome(on, "get", "PolicedService/Look", "--for", "shop")).out;
    t.match(shown, /Look +timeoutMs +2000 +samspel\/policy\/samspel\.test\.v1\.PolicedService\n/);
    t.match(shown, /Look +retry\.maxAttempts +2 +samspel\/policy\/samspel\.test\.v1\.PolicedService@shop\n/);
    t.match(shown, /Look +balancing +by-key +\(samspel\.v1\.call\) in samspel\/test\/v1\/policed\.proto\n/);
    t.match(shown, /Look +waitForReady +false +default\n/);
    const answer = JSON.parse((await outcome(on, "get", protoService, "--json")).out);
    t.match(answer, {
      protoService,
      instances: [],
      methods: [{ method: "Look" }, { method: "Peek" }, { method: "Change" }, { method: "Follow" }],
    });
    t.match(await outcome(on, "unset", "PolicedService", "breaker", "instances.subsetSize"), { code: 0 });
    t.same(JSON.parse((await on.registry.values.read(key))?.text ?? ""), {
      methodConfig: [{ name: [{ service: protoService }], timeout: "2s" }],
    });
    t.match(await outcome(on, "unset", "PolicedService"), {
      code: 0,
      out: /nothing is set under .* any more/,
    });
    t.equal(await on.registry.values.read(key), undefined);
  },
);

t.test("samspel policy writes nothing that cannot be, and says what must be", async (t) => {
  const on = await withPoliced(t);
  for (const [args, err] of [
    [
      ["PolicedService/Look", "timeoutMs=soon"],
      /timeoutMs must be an integer from 1 to 99999999 \(milliseconds\), or 0 for none: current value is "soon"/,
    ],
    [
      ["PolicedService/Change", "hedge=on"],
      /hedge\.enabled is not for this method: only a method that is IDEMPOTENT/,
    ],
    [["PolicedService/Lok", "timeoutMs=1"], /has no method Lok: there are Look, Peek, Change, Follow/],
    [["PolicedServic", "timeoutMs=1"], /did you mean samspel\.test\.v1\.PolicedService\?/],
    [["PolicedService", "timeout=1"], /^A policy has no field timeout: there are timeoutMs, /],
    [
      ["PolicedService/Look", "instances.preferZone=true"],
      /How instances are chosen is said of a proto service/,
    ],
    [["PolicedService"], /^Set what\?/],
  ] as const) {
    t.match(await outcome(on, "set", ...args), { code: 2, err }, args.join(" "));
  }
  t.same(await on.registry.values.list("samspel/policy/"), []);
});

t.test(
  "samspel policy takes a whole policy from a file, as it prints it, and replaces what cannot be",
  async (t) => {
    const on = await withPoliced(t);
    await on.registry.values.write(key, "{", undefined);
    t.match(
      (await outcome(on, "ls")).out,
      /The policy samspel\/policy\/samspel\.test\.v1\.PolicedService is no JSON/,
    );
    t.match(await outcome(on, "set", "PolicedService", "timeoutMs=1s"), { code: 2, err: /is no JSON/ });
    const file = join(t.testdir(), "policy.json");
    const config = {
      methodConfig: [{ name: [{ service: protoService, method: "Look" }], timeout: "0.75s" }],
    };
    await writeFile(file, JSON.stringify(config));
    t.match(await outcome(on, "set", "PolicedService", "--file", file), { code: 0 });
    t.same(JSON.parse((await outcome(on, "get", "PolicedService", "--stored")).out), config);
    await writeFile(file, JSON.stringify(config).replace("Look", "Lok"));
    t.match(await outcome(on, "set", "PolicedService", "--file", file), {
      code: 2,
      err: /has no method Lok/,
    });
    t.match(await outcome(on, "unset", "PolicedService/Look"), { code: 0 });
    t.equal(await on.registry.values.read(key), undefined);
  },
);

t.test("samspel complete knows proto services, then methods, then fields of policies", async (t) => {
  const on = await withPoliced(t);
  const complete = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { out } = await samspelHere(["complete", "--within", "60000", "--", "policy", ...words], {
      CONSUL_HTTP_ADDR: on.url,
    });
    return out.split("\n").filter((line) => line !== "");
  };
  t.same(await complete("g"), [
    "get\twhat holds for a proto service or a method, and where each value comes from",
  ]);
  t.same(await complete("get", "Pol"), ["PolicedService\tpoliced"]);
  t.same(await complete("set", "PolicedService/C"), ["PolicedService/Change\tpoliced"]);
  t.same(await complete("set", "PolicedService", "waitForReady=true", "instances.pre"), [
    "instances.preferZone=",
  ]);
  t.same(await complete("unset", "PolicedService", "timeo"), ["timeoutMs"]);
  t.same(await complete("ls", "--reg"), [
    "--registry\tConsul's HTTP address; default: the project's, else http://127.0.0.1:8500. A token is taken from CONSUL_HTTP_TOKEN",
  ]);
  t.same(await complete("get", "PolicedService", "--for", "po"), ["policed"]);
});

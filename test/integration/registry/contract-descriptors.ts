// Descriptor sets in the registry (R3), and the record of who uses them.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import { gunzipSync, gzipSync } from "node:zlib";
import assert from "node:assert/strict";
import { createRegistry, type RegistryEvent, type RegistryOptions } from "@samspel/registry";
import type { Test } from "tap";
import { eventually } from "../../support/eventually.ts";
import { at, uniqueName, type ConsulApi } from "./consul-api.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Bytes that nobody else publishes; the registry does not look into them. */
const someSet = (bytes = 100): Buffer => randomBytes(bytes);

export function descriptorCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  const open = (t: Test, options: RegistryOptions = {}) => {
    const registry = createRegistry({ url: api.url, ...options });
    t.teardown(() => registry.close());
    return registry;
  };
  const forget = (t: Test, key: string) => t.teardown(() => api.delete(`/kv/${key}?recurse`));
  const valueOf = async (key: string): Promise<Buffer> =>
    Buffer.from(String(at((await api.get(`/kv/${key}`)).json, 0, "Value")), "base64");

  return [
    t.test("register() publishes descriptors under their hash, and again when all was lost", async (t) => {
      const { descriptors: _, ...registry } = open(t);
      const set = someSet();
      const key = `samspel/descriptors/${sha256(set)}`;
      forget(t, key);
      const name = uniqueName("described");
      const handle = await registry.register({
        name,
        address: "127.0.0.1",
        port: 4100,
        protoServices: [],
        check: { type: "none" },
        descriptors: set,
      });
      t.same(gunzipSync(await valueOf(key)), set);
      const [instance] = await registry.states(name);
      t.equal(instance?.meta["descriptor_sha256"], sha256(set));
      await api.delete(`/kv/${key}`);
      await api.put(`/agent/service/deregister/${handle.id}`);
      await eventually("they are there again", async () => {
        assert.equal((await api.get(`/kv/${key}`)).status, 200);
        assert.equal((await api.get(`/agent/service/${handle.id}`)).status, 200);
      });
      t.same(await open(t).descriptors.read(sha256(set)), set);
    }),

    t.test("a set that is larger than a value is kept in pieces, its head last", async (t) => {
      const { descriptors } = open(t);
      const set = someSet(1_200_000);
      const key = `samspel/descriptors/${sha256(set)}`;
      forget(t, key);
      t.equal(await descriptors.publish(set), sha256(set));
      t.same(JSON.parse((await valueOf(key)).toString()), { chunks: 3 });
      const listed = (await descriptors.list()).filter((hash) => hash.startsWith(sha256(set)));
      t.same(listed, [sha256(set)], "it is listed once, without its pieces");
      t.equal((await valueOf(`${key}/0`)).length, 512 * 1024);
      const [first, last] = [
        at((await api.get(`/kv/${key}`)).json, 0, "CreateIndex"),
        await pieces(api, key),
      ];
      t.ok(last.every((index) => index < Number(first)));
      t.same(await open(t).descriptors.read(sha256(set)), set);
      t.equal(await open(t).descriptors.publish(set), sha256(set), "it is there already");
    }),

    t.test("pieces of two packers are not mixed: a set that came out damaged is mended", async (t) => {
      const { descriptors } = open(t);
      const set = someSet(600_000);
      const key = `samspel/descriptors/${sha256(set)}`;
      forget(t, key);
      // Somebody else has written a piece, and died.
      await api.put(`/kv/${key}/0`, "x");
      await descriptors.publish(set);
      t.same(await open(t).descriptors.read(sha256(set)), set);
    }),

    t.test("read() gives what it was asked for, or an error, never something else (D2)", async (t) => {
      const { descriptors } = open(t);
      const [set, other] = [someSet(), someSet()];
      const key = `samspel/descriptors/${sha256(set)}`;
      forget(t, key);
      t.equal(await descriptors.read(sha256(set)), undefined);
      await fetch(`${api.url}/v1/kv/${key}`, { method: "PUT", body: new Uint8Array(gzipSync(other)) });
      await t.rejects(descriptors.read(sha256(set)), {
        code: "SAMSPEL_INVALID_CONFIGURATION",
        message: /has another hash: delete the key/,
      });
      await api.put(`/kv/${key}`, "no gzip");
      await t.rejects(descriptors.read(sha256(set)), { message: /has another hash/ });
      await t.rejects(descriptors.read("../x"), { message: /64 lower-case hex digits/ });
      await api.delete(`/kv/${key}`);
      await descriptors.publish(set);
      t.same(await descriptors.read(sha256(set)), set);
      await api.delete(`/kv/${key}`);
      t.same(await descriptors.read(sha256(set)), set, "it is fetched once");
    }),

    t.test(
      "callersOf() has each caller in each of its versions; writers lose nothing of each other",
      async (t) => {
        const { descriptors } = open(t);
        const protoService = `${uniqueName("called").replaceAll("-", "_")}.v1.OrderService`;
        forget(t, `samspel/callers/${protoService}`);
        t.same(await descriptors.callersOf(protoService), []);
        await Promise.all(
          ["A", "B", "C", "D", "E"].map((method) =>
            open(t).descriptors.noteCaller(protoService, {
              caller: "cart",
              sha256: method < "C" ? "1".repeat(64) : "2".repeat(64),
              version: method < "E" ? "1.0.0" : "1.1.0",
              methods: [method],
            }),
          ),
        );
        await descriptors.noteCaller(protoService, {
          caller: "billing",
          sha256: "1".repeat(64),
          version: "",
          methods: ["A"],
        });
        const callers = await descriptors.callersOf(protoService);
        t.same(
          callers.map(({ caller, version, methods }) => [caller, version, ...methods].join(" ")).toSorted(),
          ["billing  A", "cart 1.0.0 A B", "cart 1.0.0 C D", "cart 1.1.0 E"],
        );
        t.ok(callers.every(({ seenAt }) => Math.abs(seenAt.getTime() - Date.now()) < 60_000));
      },
    ),

    t.test(
      "a caller that was not seen for seven days counts no more, and goes with the next write",
      async (t) => {
        const { descriptors } = open(t);
        const protoService = `${uniqueName("called").replaceAll("-", "_")}.v1.OrderService`;
        const key = `samspel/callers/${protoService}/cart`;
        forget(t, key);
        const seen = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
        await api.put(`/kv/${key}`, {
          versions: [
            { sha256: "1".repeat(64), version: "1", methods: ["A"], seen: seen(8) },
            { sha256: "2".repeat(64), version: "2", methods: ["A"], seen: seen(6) },
            { sha256: 7 },
          ],
        });
        const versions = async () =>
          (await descriptors.callersOf(protoService)).map(({ version }) => version);
        t.same(await versions(), ["2"]);
        await descriptors.noteCaller(protoService, {
          caller: "cart",
          sha256: "3".repeat(64),
          version: "3",
          methods: [],
        });
        t.same(await versions(), ["3", "2"]);
        t.notMatch((await valueOf(key)).toString(), "1".repeat(64));
        await api.put(`/kv/${key}`, "no JSON");
        t.same(await versions(), [], "what cannot be read is no caller");
      },
    ),

    t.test(
      "place() leaves an instance behind, remove() takes it out; states() tells its health",
      async (t) => {
        const registry = createRegistry({ url: api.url });
        const name = uniqueName("legacy");
        const id = await registry.place({
          name,
          address: "127.0.0.1",
          port: 1,
          protoServices: ["legacy.v1.Legacy"],
          tags: ["old"],
          check: { type: "tcp", intervalMs: 1_000, timeoutMs: 500 },
          deregisterCriticalAfterMs: "never",
        });
        await registry.close();
        const later = open(t);
        t.teardown(() => later.remove(id));
        t.match(await later.states(name), [{ id, tags: ["grpc", "legacy.v1.Legacy", "old"] }]);
        await eventually("nobody listens there", async () => {
          const [state] = await later.states(name);
          assert.equal(state?.health, "critical");
          assert.ok(
            state?.checks.some(({ id: check, output }) => check === `service:${id}` && output !== ""),
          );
        });
        t.ok(
          (await later.states()).some((state) => state.id === id),
          "it is among all",
        );
        await later.remove(id);
        await later.remove(id);
        t.same(await later.states(name), []);
      },
    ),

    t.test("a registry that takes no values is told of once, and stops nothing", async (t) => {
      const events: RegistryEvent[] = [];
      const set = someSet();
      const key = `samspel/descriptors/${sha256(set)}`;
      forget(t, key);
      let refusals = 0;
      const url = await refusing(t, api.url, ({ method, url: path = "" }) => {
        if (method !== "PUT" || !path.includes(key) || refusals > 2) return false;
        refusals += 1;
        return true;
      });
      const registry = createRegistry({ url, onEvent: (event) => events.push(event) });
      t.teardown(() => registry.close());
      await registry.register({
        name: uniqueName("leaderless"),
        address: "127.0.0.1",
        port: 4101,
        protoServices: [],
        check: { type: "none" },
        descriptors: set,
      });
      await eventually("it came through later", async () =>
        assert.equal((await api.get(`/kv/${key}`)).status, 200),
      );
      t.equal(events.filter(({ type }) => type === "unpublished").length, 1);
      t.equal(refusals, 3);
    }),
  ];
}

/** What stands before a registry without a leader: some requests are answered with 500. */
async function refusing(
  t: Test,
  url: string,
  refuses: (request: IncomingMessage) => boolean,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const server = createServer((incoming, outgoing) => {
    if (refuses(incoming)) {
      outgoing.writeHead(500).end("No cluster leader");
      return;
    }
    const { method, url: path, headers } = incoming;
    const passed = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    incoming.pipe(passed);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

/** The indexes at which the pieces of a set were written. */
async function pieces(api: ConsulApi, key: string): Promise<readonly number[]> {
  const { json } = await api.get(`/kv/${key}/?recurse`);
  return Array.isArray(json) ? json.map((entry) => Number(at(entry, "CreateIndex"))) : [];
}

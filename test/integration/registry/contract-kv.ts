// Keys and values.
import type { Test } from "tap";
import { at, uniqueName, type ConsulApi } from "./consul-api.ts";

export function kvCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  const removeAll = (t: Test, prefix: string) => t.teardown(() => api.delete(`/kv/${prefix}?recurse`));
  return [
    t.test("a value is stored with its flags and read back in three ways", async (t) => {
      const key = uniqueName("key");
      removeAll(t, key);
      t.equal((await api.get(`/kv/${key}`)).status, 404);
      t.same((await api.put(`/kv/${key}?flags=7`, "hello")).json, true);
      t.match((await api.get(`/kv/${key}`)).json, [{ Key: key, Value: "aGVsbG8=", Flags: 7, LockIndex: 0 }]);
      t.equal((await api.get(`/kv/${key}?raw`)).text, "hello");
      await api.put(`/kv/${key}/b/c`, "1");
      await api.put(`/kv/${key}/b/d`, "2");
      await api.put(`/kv/${key}/a`, "");
      t.same((await api.get(`/kv/${key}/?keys`)).json, [`${key}/a`, `${key}/b/c`, `${key}/b/d`]);
      t.same((await api.get(`/kv/${key}/?keys&separator=/`)).json, [`${key}/a`, `${key}/b/`]);
      t.match((await api.get(`/kv/${key}/?recurse`)).json, [
        { Value: null },
        { Value: "MQ==" },
        { Value: "Mg==" },
      ]);
      t.equal((await api.delete(`/kv/${key}/b?recurse`)).text.trim(), "true");
      t.same((await api.get(`/kv/${key}?keys`)).json, [key, `${key}/a`]);
      t.equal((await api.get(`/kv/${uniqueName("none")}?keys`)).status, 404);
      t.equal((await api.put("/kv/", "x")).status, 400);
    }),

    t.test("check-and-set holds for writes and deletes, and a write of the same value is none", async (t) => {
      const key = uniqueName("cas");
      removeAll(t, key);
      const indexOf = async () => at((await api.get(`/kv/${key}`)).json, 0, "ModifyIndex");
      t.same((await api.put(`/kv/${key}?cas=0`, "a")).json, true);
      t.same((await api.put(`/kv/${key}?cas=0`, "b")).json, false, "0 is for a key that is not there");
      const index = await indexOf();
      await api.put(`/kv/${key}`, "a");
      t.equal(await indexOf(), index, "the same value keeps the index");
      t.same((await api.put(`/kv/${key}?cas=${String(index)}`, "b")).json, true);
      t.same((await api.put(`/kv/${key}?cas=${String(index)}`, "c")).json, false, "the index has passed");
      t.same((await api.delete(`/kv/${key}?cas=${String(index)}`)).json, false);
      t.same((await api.delete(`/kv/${key}?cas=${String(await indexOf())}`)).json, true);
      t.equal((await api.get(`/kv/${key}`)).status, 404);
      t.equal((await api.put(`/kv/${key}?cas=x`, "a")).status, 500);
      t.match(await api.put(`/kv/${key}?cas=0&acquire=x`, "a"), { status: 400, text: /Conflicting flags/ });
    }),

    t.test("a value has at most 512 KiB", async (t) => {
      const key = uniqueName("big");
      removeAll(t, key);
      t.equal((await api.put(`/kv/${key}`, "x".repeat(524_288))).status, 200);
      t.equal((await api.put(`/kv/${key}`, "x".repeat(524_289))).status, 413);
      t.equal((await api.get(`/kv/${key}?raw`)).text.length, 524_288);
    }),

    t.test("a request on a key or a prefix wakes when it is written, and when it goes", async (t) => {
      const key = uniqueName("watched");
      removeAll(t, key);
      await api.put(`/kv/${key}/a`, "1");
      const { index } = await api.get(`/kv/${key}/a`);
      const value = api.get(`/kv/${key}/a?index=${index}&wait=10s`);
      const prefix = api.get(`/kv/${key}/?recurse&index=${index}&wait=10s`);
      await api.put(`/kv/${key}/a`, "2");
      t.equal(at((await value).json, 0, "Value"), "Mg==");
      t.equal(at((await prefix).json, 0, "Value"), "Mg==");
      const gone = api.get(`/kv/${key}/a?index=${(await value).index}&wait=10s`);
      await api.delete(`/kv/${key}/a`);
      t.equal((await gone).status, 404);
      t.ok((await gone).index > (await value).index);
    }),
  ];
}

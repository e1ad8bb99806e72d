// Keys and values under our library: watched, read, and changed by several at once.
import { createRegistry, type Registry } from "@samspel/registry";
import type { Test } from "tap";
import { uniqueName, type ConsulApi } from "./consul-api.ts";
import { until } from "../../support/until.ts";

export function valuesCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  const open = (t: Test): Registry => {
    const registry = createRegistry({ url: api.url });
    t.teardown(() => registry.close());
    return registry;
  };
  const removeAll = (t: Test, prefix: string) => t.teardown(() => api.delete(`/kv/${prefix}?recurse`));
  return [
    t.test("a watch of values has what is there, then each change, then that nothing is left", async (t) => {
      const prefix = `${uniqueName("values")}/`;
      removeAll(t, prefix);
      const { values } = open(t);
      using watch = values.watch(prefix);
      let told = 0;
      watch.onChange(() => (told += 1));
      await until("nothing is there", () => watch.current?.size === 0);
      t.equal(watch.status, "live");
      await api.put(`/kv/${prefix}a@b`, "1");
      await until("one is there", () => watch.current?.get(`${prefix}a@b`)?.text === "1");
      await api.put(`/kv/${prefix}a@b`, "2");
      await api.put(`/kv/${prefix}c`, "ö");
      await until(
        "both are there",
        () => watch.current?.size === 2 && watch.current.get(`${prefix}a@b`)?.text === "2",
      );
      t.equal(watch.current?.get(`${prefix}c`)?.text, "ö");
      await api.delete(`/kv/${prefix}?recurse`);
      await until("nothing is left", () => watch.current?.size === 0);
      t.ok(told >= 4, "told of each");
    }),

    t.test(
      "a watch of nothing rests while others write other keys (no storm of requests in a deploy)",
      async (t) => {
        const parent = `${uniqueName("values")}/`;
        removeAll(t, parent);
        const { values } = open(t);
        using watch = values.watch(`${parent}policy/`);
        await until("nothing is there", () => watch.current?.size === 0);
        let answers = 0;
        watch.onChange(() => (answers += 1));
        const beganAt = performance.now();
        for (let i = 0; i < 300; i++) await api.put(`/kv/${parent}note-${i}`, String(i));
        const elapsedMs = performance.now() - beganAt;
        t.ok(answers <= 2 + elapsedMs / 400, `${answers} answers in ${Math.round(elapsedMs)} ms`);
        await api.put(`/kv/${parent}policy/a`, "1");
        await until("what it watches is there", () => watch.current?.size === 1);
      },
    ),

    t.test(
      "write() and remove() change what was read, and nothing that others have changed since",
      async (t) => {
        const prefix = `${uniqueName("values")}/`;
        removeAll(t, prefix);
        const { values } = open(t);
        const key = `${prefix}a@b`;
        t.equal(await values.read(key), undefined);
        t.equal(await values.write(key, "1", undefined), true);
        t.equal(await values.write(key, "2", undefined), false, "it is there already");
        const read = await values.read(key);
        t.match(read, { key, text: "1" });
        t.equal(await values.write(key, "3", read?.version), true);
        t.equal(await values.write(key, "4", read?.version), false, "another version");
        t.equal(await values.remove(key, read?.version ?? 0), false, "another version");
        t.same(
          (await values.list(prefix)).map(({ text }) => text),
          ["3"],
        );
        t.equal(await values.remove(key, (await values.read(key))?.version ?? 0), true);
        t.same(await values.list(prefix), []);
      },
    ),
  ];
}

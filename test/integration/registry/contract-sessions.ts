// Sessions, and the locks that they hold.
import assert from "node:assert/strict";
import type { Test } from "tap";
import { at, count, uniqueName, type ConsulApi } from "./consul-api.ts";
import { eventually } from "../../support/eventually.ts";

export function sessionCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  const create = async (t: Test, spec: object): Promise<string> => {
    const answer = await api.put("/session/create", spec);
    assert.equal(answer.status, 200, answer.text);
    const id = String(at(answer.json, "ID"));
    t.teardown(() => api.put(`/session/destroy/${id}`));
    return id;
  };
  return [
    t.test("a session is created, shown, renewed and destroyed", async (t) => {
      const id = await create(t, { Name: "mine", TTL: "10s", LockDelay: "1s" });
      const shape = { ID: id, Name: "mine", TTL: "10s", LockDelay: 1_000_000_000, Behavior: "release" };
      t.match((await api.get(`/session/info/${id}`)).json, [shape]);
      t.ok(JSON.stringify((await api.get("/session/list")).json).includes(id));
      t.match((await api.put(`/session/renew/${id}`)).json, [shape]);
      t.same((await api.put(`/session/destroy/${id}`)).json, true);
      t.same((await api.get(`/session/info/${id}`)).json, []);
      t.equal((await api.put(`/session/renew/${id}`)).status, 404);
      t.equal((await api.put("/session/create", { TTL: "5s" })).status, 500, "10 s at the least");
      t.equal((await api.put("/session/create", { Behavior: "x" })).status, 500);
      t.equal((await api.put("/session/create", { NodeChecks: ["nobody"] })).status, 500);
    }),

    t.test("a lock has one owner, counts its owners and passes on when it is released", async (t) => {
      const key = uniqueName("lock");
      t.teardown(() => api.delete(`/kv/${key}`));
      const [mine, other] = [await create(t, { LockDelay: "0s" }), await create(t, { LockDelay: "0s" })];
      const lock = async () => at((await api.get(`/kv/${key}`)).json, 0);
      t.same((await api.put(`/kv/${key}?acquire=${mine}`, "1")).json, true);
      t.same((await api.put(`/kv/${key}?acquire=${other}`, "2")).json, false);
      t.same((await api.put(`/kv/${key}?acquire=${mine}`, "3")).json, true);
      t.match(await lock(), { Session: mine, LockIndex: 1, Value: "Mw==" }, "its owner may acquire it again");
      t.same((await api.put(`/kv/${key}?release=${other}`, "5")).json, false);
      t.same((await api.put(`/kv/${key}?release=${mine}`, "6")).json, true);
      t.equal(at(await lock(), "Session"), undefined);
      t.same((await api.put(`/kv/${key}?acquire=${other}`, "7")).json, true);
      t.match(await lock(), { Session: other, LockIndex: 2 });
      t.same((await api.put(`/kv/${key}`, "4")).json, true);
      t.match(
        await lock(),
        { Session: other, LockIndex: 0, Value: "NA==" },
        "a plain write passes a lock by",
      );
      t.match(await api.put(`/kv/${key}?acquire=nobody`, "8"), { status: 500, text: /invalid session/ });
    }),

    t.test("a session's end frees its locks after their delay, or deletes their keys", async (t) => {
      const key = uniqueName("freed");
      t.teardown(() => api.delete(`/kv/${key}?recurse`));
      const first = await create(t, { LockDelay: "1s" });
      const second = await create(t, {});
      await api.put(`/kv/${key}?acquire=${first}`, "held");
      const { index } = await api.get(`/kv/${key}`);
      const freed = api.get(`/kv/${key}?index=${index}&wait=10s`);
      await api.put(`/session/destroy/${first}`);
      t.equal(at((await freed).json, 0, "Session"), undefined, "who waits hears of it");
      t.same(
        (await api.put(`/kv/${key}?acquire=${second}`, "held")).json,
        false,
        "not within the lock delay",
      );
      await eventually("the lock can be had after its delay", async () => {
        assert.equal((await api.put(`/kv/${key}?acquire=${second}`, "held")).json, true);
      });
      const deleting = await create(t, { Behavior: "delete", LockDelay: "0s" });
      await api.put(`/kv/${key}/own?acquire=${deleting}`, "mine");
      await api.put(`/session/destroy/${deleting}`);
      t.equal((await api.get(`/kv/${key}/own`)).status, 404);
    }),

    t.test("a session ends with a check that it is tied to", async (t) => {
      const name = uniqueName("tied");
      await api.put("/agent/service/register", {
        Name: name,
        Check: { CheckID: name, TTL: "30s", Status: "passing" },
      });
      t.teardown(() => api.put(`/agent/service/deregister/${name}`));
      t.teardown(() => api.delete(`/kv/${name}`));
      const id = await create(t, { ServiceChecks: [{ ID: name }], LockDelay: "0s" });
      await api.put(`/kv/${name}?acquire=${id}`, "held");
      await api.put(`/agent/check/fail/${name}`);
      await eventually("the session is gone, and the lock free", async () => {
        assert.equal(count((await api.get(`/session/info/${id}`)).json), 0);
        assert.equal(at((await api.get(`/kv/${name}`)).json, 0, "Session"), undefined);
      });
      t.equal(
        (await api.put("/session/create", { ServiceChecks: [{ ID: name }] })).status,
        500,
        "it is critical now",
      );
    }),
  ];
}

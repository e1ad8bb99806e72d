// Requests that wait until something changes.
import type { Test } from "tap";
import { at, count, uniqueName, type ApiAnswer, type ConsulApi } from "./consul-api.ts";

/** An answer with the time that it took. */
async function timed(answer: Promise<ApiAnswer>): Promise<{ answer: ApiAnswer; tookMs: number }> {
  const startedAt = performance.now();
  return { answer: await answer, tookMs: performance.now() - startedAt };
}

export function blockingCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  return [
    t.test("a request on a service waits for this service's change and for no other", async (t) => {
      const name = uniqueName("blocking");
      const path = `/health/service/${name}`;
      await api.put("/agent/service/register", {
        Name: name,
        Check: { CheckID: name, TTL: "30s", Status: "passing" },
      });
      t.teardown(() => api.put(`/agent/service/deregister/${name}`));
      const first = await api.get(`${path}?passing`);
      t.ok(first.index > 0n);
      t.equal(
        (await timed(api.get(`${path}?index=0&wait=5s`))).tookMs < 1_000,
        true,
        "index 0 does not wait",
      );

      const unmoved = timed(api.get(`${path}?passing&index=${first.index}&wait=500ms`));
      const stranger = uniqueName("stranger");
      await api.put("/agent/service/register", { Name: stranger });
      await api.put(`/agent/check/pass/${name}?note=output-alone-wakes-nobody`);
      await api.put(`/agent/service/deregister/${stranger}`);
      const { answer, tookMs } = await unmoved;
      t.ok(tookMs >= 450, `another service's change wakes nobody: ${tookMs} ms`);
      t.equal(answer.index, first.index);

      const woken = timed(api.get(`${path}?passing&index=${first.index}&wait=10s`));
      await api.put(`/agent/check/fail/${name}`);
      const change = await woken;
      t.ok(change.tookMs < 5_000);
      t.same(change.answer.json, []);
      t.ok(change.answer.index > first.index);

      const gone = timed(api.get(`${path}?index=${change.answer.index}&wait=10s`));
      await api.put(`/agent/service/deregister/${name}`);
      t.ok((await gone).tookMs < 5_000);
      t.ok((await gone).answer.index > change.answer.index, "the index grows even when all is gone");
    }),

    t.test("a request on the catalog wakes when a service comes", async (t) => {
      const name = uniqueName("arriving");
      const seen = async (index: bigint): Promise<void> => {
        const answer = await api.get(`/catalog/services?index=${index}&wait=5s`);
        if (at(answer.json, name) === undefined) await seen(answer.index);
      };
      const { index } = await api.get("/catalog/services");
      const startedAt = performance.now();
      const arrival = seen(index);
      await api.put("/agent/service/register", { Name: name });
      t.teardown(() => api.put(`/agent/service/deregister/${name}`));
      await arrival;
      t.ok(performance.now() - startedAt < 4_000);
    }),

    t.test(
      "a request on one's own instance waits for another hash, and hears at once that it is gone",
      async (t) => {
        const name = uniqueName("own");
        await api.put("/agent/service/register", { Name: name, Port: 1 });
        const path = `/agent/service/${name}`;
        const hash = (await api.get(path)).headers.get("x-consul-contenthash") ?? "";
        t.not(hash, "");
        const unmoved = await timed(api.get(`${path}?hash=${hash}&wait=400ms`));
        t.ok(unmoved.tookMs >= 350);
        const changing = api.get(`${path}?hash=${hash}&wait=10s`);
        await api.put("/agent/service/register", { Name: name, Port: 2 });
        const changed = await changing;
        t.equal(at(changed.json, "Port"), 2);
        const next = changed.headers.get("x-consul-contenthash") ?? "";
        t.not(next, hash);
        const going = timed(api.get(`${path}?hash=${next}&wait=10s`));
        await api.put(`/agent/service/deregister/${name}`);
        const gone = await going;
        t.equal(gone.answer.status, 404);
        t.ok(gone.tookMs < 5_000);
      },
    ),

    t.test(
      "an index or a wait that is none is refused; one of the future waits the whole time",
      async (t) => {
        const name = uniqueName("nobody");
        t.equal((await api.get(`/health/service/${name}?index=-1`)).status, 400);
        t.equal((await api.get(`/health/service/${name}?index=abc`)).status, 400);
        t.equal((await api.get(`/health/service/${name}?index=1&wait=zz`)).status, 400);
        const future = await timed(api.get(`/health/service/${name}?index=14350325441617796279&wait=400ms`));
        t.ok(future.tookMs >= 350);
        t.equal(count(future.answer.json), 0);
        t.ok(
          future.answer.index < 14350325441617796279n,
          "its answer has the true index: who asks begins anew",
        );
      },
    ),
  ];
}

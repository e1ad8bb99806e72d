import t from "tap";
import { resolveRegistryOptions } from "./options.ts";

t.test("resolveRegistryOptions() takes the option, else the environment, else the default", async (t) => {
  t.match(resolveRegistryOptions({}, {}), { url: "http://127.0.0.1:8500", token: undefined, waitMs: 25_000 });
  const environment = { CONSUL_HTTP_ADDR: "consul.internal:8501", CONSUL_HTTP_TOKEN: "t" };
  t.match(resolveRegistryOptions({}, environment), { url: "http://consul.internal:8501", token: "t" });
  t.match(resolveRegistryOptions({ url: "https://other/base/", token: "u" }, environment), {
    url: "https://other/base",
    shownUrl: "https://other/base",
    token: "u",
  });
  t.match(resolveRegistryOptions({}, { CONSUL_HTTP_ADDR: "", CONSUL_HTTP_TOKEN: "" }), {
    url: "http://127.0.0.1:8500",
    token: undefined,
  });
});

t.test("resolveRegistryOptions() reads the variables of Consul's own tools", async (t) => {
  t.match(resolveRegistryOptions({}, { CONSUL_HTTP_ADDR: "host:1", CONSUL_HTTP_SSL: "true" }), {
    url: "https://host:1",
    tls: { verify: true, ca: undefined },
  });
  const insecure = { CONSUL_HTTP_ADDR: "https://host", CONSUL_HTTP_SSL_VERIFY: "false" };
  t.match(resolveRegistryOptions({}, insecure), { tls: { verify: false } });
  t.match(resolveRegistryOptions({ tls: { verify: true, serverName: "s" } }, insecure), {
    tls: { verify: true, serverName: "s" },
  });
  t.equal(
    resolveRegistryOptions({}, { CONSUL_CACERT: "/nowhere" }).tls,
    undefined,
    "plain HTTP reads no files",
  );
  t.same(resolveRegistryOptions({}, { SAMSPEL_FAILOVER_DATACENTERS: "dc2, dc3," }).failoverDatacenters, [
    "dc2",
    "dc3",
  ]);
  const both = { CONSUL_HTTP_TOKEN: "t", CONSUL_HTTP_TOKEN_FILE: "/f" };
  t.match(resolveRegistryOptions({}, both), { token: undefined, tokenFile: "/f" }, "the file comes first");
  t.match(resolveRegistryOptions({ token: "u" }, both), { token: "u", tokenFile: undefined });
  t.match(resolveRegistryOptions({ tokenFile: "/g" }, both), { token: undefined, tokenFile: "/g" });
});

t.test("resolveRegistryOptions() refuses namespaces instead of ignoring them", async (t) => {
  for (const name of ["CONSUL_NAMESPACE", "CONSUL_PARTITION"]) {
    t.throws(() => resolveRegistryOptions({}, { [name]: "team-a" }), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: new RegExp(`Cannot use ${name} "team-a" as .* Consul Enterprise.*unset ${name}`),
    });
    t.ok(resolveRegistryOptions({}, { [name]: "default" }));
  }
});

t.test("resolveRegistryOptions() shows no credentials", async (t) => {
  const { shownUrl } = resolveRegistryOptions({ url: "http://user:secret@host:1/?token=secret" }, {});
  t.equal(shownUrl, "http://host:1");
});

t.test("resolveRegistryOptions() throws for what cannot work, naming the setting", async (t) => {
  const code = "SAMSPEL_INVALID_CONFIGURATION";
  t.throws(() => resolveRegistryOptions({ url: "ftp://x" }, {}), { code, message: /Cannot use url as/ });
  t.throws(() => resolveRegistryOptions({}, { CONSUL_HTTP_ADDR: "http://" }), {
    code,
    message: /CONSUL_HTTP_ADDR/,
  });
  t.throws(() => resolveRegistryOptions({ url: "http://host", tls: {} }, {}), {
    code,
    message: /Cannot use tls with url as its scheme is http/,
  });
  t.throws(() => resolveRegistryOptions({ waitMs: 60_000 }, {}), {
    name: "RangeError",
    message: /waitMs .* 25000/,
  });
  t.throws(() => resolveRegistryOptions({ graceMs: Number.NaN }, {}), {
    name: "RangeError",
    message: /graceMs/,
  });
});

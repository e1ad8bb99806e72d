// `samspel gateway` as operators run it: by flags, by a file, with mistakes, and stopped.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { readGatewayConfig } from "samspel/gateway";
import t from "tap";
import { startLibraryService } from "../support/library.ts";

const cli = join(import.meta.dirname, "../../devkit/src/cli/main.ts");
const args = (...rest: readonly string[]): string[] => [
  "--conditions=samspel-source",
  cli,
  "gateway",
  ...rest,
];

async function refused(
  ...rest: readonly string[]
): Promise<{ readonly code: unknown; readonly stderr: string }> {
  try {
    await promisify(execFile)(process.execPath, args(...rest), { timeout: 60_000 });
  } catch (error) {
    if (error instanceof Error && "code" in error && "stderr" in error) {
      return { code: error.code, stderr: String(error.stderr) };
    }
  }
  throw new Error("It was not refused");
}

t.test("it opens what is in the registry, says so, and lets calls end on SIGTERM", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  await startLibraryService(t, registry.url);
  const env = { ...process.env, SAMSPEL_GATEWAY_ADMIN_PORT: "0" };
  const child = spawn(process.execPath, args("--registry", registry.url, "--port", "0", "--json"), {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  let ready: { readonly url: string; readonly open: Readonly<Record<string, readonly string[]>> } | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as { readonly event?: string } & NonNullable<typeof ready>;
    if (told.event !== "ready") continue;
    ready = told;
    break;
  }
  t.ok(ready?.open["samspel.test.v1.LibraryService"]?.includes("GetShelf"));
  const answer = await fetch(`${ready?.url}/v1/shelves/crime`);
  t.same(await answer.json(), { shelfId: "crime", books: 3 });
  child.kill("SIGTERM");
  t.same(await exited, [0, null]);
});

t.test("mistakes are one message and an exit code", async (t) => {
  const [flag, tls, file] = await Promise.all([
    refused("--port", "many"),
    refused("--tls-cert", "cert.pem"),
    refused(
      "--config",
      join(t.testdir({ "gateway.json": '{"prot": 8080, "cors": {"origins": "*"}}' }), "gateway.json"),
    ),
  ]);
  t.match(flag, { code: 2, stderr: /It must be a port/ });
  t.match(tls, { code: 1, stderr: /--tls-cert and --tls-key belong together/ });
  t.match(file, { code: 1, stderr: /cors\.origins[^]*prot/ });
});

t.test("readGatewayConfig() reads the file of the guide", async (t) => {
  const file = join(import.meta.dirname, "../integration/gateway/fixtures/gateway.json");
  t.match(await readGatewayConfig(file), { port: 8080, jwt: { issuer: "https://id.example" } });
});

// `samspel gateway`: one public port before the services of a registry.
import { Command, InvalidArgumentError, Option } from "commander";

/** As commander reads them. */
export interface GatewayFlags {
  readonly config?: string;
  readonly registry?: string;
  readonly host?: string;
  readonly port?: number;
  readonly adminPort?: number;
  readonly name?: string;
  readonly identity?: "none" | "consul" | "consul-permissive";
  readonly corsOrigin?: readonly string[];
  readonly jwtJwksUrl?: string;
  readonly jwtKeyFile?: string;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  readonly jwtAnonymous?: readonly string[];
  readonly rate?: number;
  readonly trustedProxies?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly timeout?: number;
  readonly drain?: number;
  readonly reflection?: boolean;
  readonly accessLog: boolean;
  readonly json: boolean;
}

const help = `
Only methods that their proto files call public pass: option (samspel.v1.public) = true, or public_service. They are
called by gRPC, gRPC-Web and Connect, by WebSocket, and by REST where google.api.http says so; /openapi.json describes them.

Examples:
  samspel gateway --port 8080
  samspel gateway --port 443 --tls-cert cert.pem --tls-key key.pem --jwt-jwks-url https://id.example/keys.json
  samspel gateway --config gateway.json --admin-port 9090

A flag comes before its variable, and that before the file of --config, which has all options of startGateway.
SIGTERM lets calls end; a second one ends at once. Exit codes: 0 stopped; 1 it cannot start; 2 the command line is wrong.`;

export function gatewayCommand(exit: (code: number) => void): Command {
  return new Command("gateway")
    .description("open the public methods of the services in a registry, on one port")
    .addOption(new Option("--config <file>", "a JSON file with options").env("SAMSPEL_GATEWAY_CONFIG"))
    .addOption(
      new Option("--registry <url>", "Consul's HTTP address; a token is taken from CONSUL_HTTP_TOKEN").env(
        "CONSUL_HTTP_ADDR",
      ),
    )
    .addOption(
      new Option("--host <address>", "where it listens (default: 127.0.0.1)").env("SAMSPEL_GATEWAY_HOST"),
    )
    .addOption(
      new Option("--port <port>", "where it listens; 0 chooses a free port (default: 8080)")
        .env("SAMSPEL_GATEWAY_PORT")
        .argParser(portNumber),
    )
    .addOption(
      new Option("--admin-port <port>", "for /healthz, /readyz and /metrics, on the loopback (default: none)")
        .env("SAMSPEL_GATEWAY_ADMIN_PORT")
        .argParser(portNumber),
    )
    .addOption(
      new Option("--name <name>", "its name to the registry's CA (default: gateway)").env(
        "SAMSPEL_GATEWAY_NAME",
      ),
    )
    .addOption(
      new Option("--identity <mode>", "how it shows services who it is (default: none)")
        .env("SAMSPEL_IDENTITY")
        .choices(["none", "consul", "consul-permissive"]),
    )
    .addOption(
      new Option("--cors-origin <origin>", "whose pages may call; repeatable, or * (default: none)")
        .env("SAMSPEL_GATEWAY_CORS_ORIGINS")
        .argParser(collect),
    )
    .addOption(
      new Option("--jwt-jwks-url <url>", "where the keys of tokens are (default: none, and no tokens)").env(
        "SAMSPEL_GATEWAY_JWT_JWKS_URL",
      ),
    )
    .addOption(
      new Option("--jwt-key-file <file>", "or a file with them: a JWKS, or a public key in PEM").env(
        "SAMSPEL_GATEWAY_JWT_KEY_FILE",
      ),
    )
    .addOption(
      new Option("--jwt-issuer <iss>", "who must have issued tokens").env("SAMSPEL_GATEWAY_JWT_ISSUER"),
    )
    .addOption(
      new Option("--jwt-audience <aud>", "whom they must be for").env("SAMSPEL_GATEWAY_JWT_AUDIENCE"),
    )
    .addOption(
      new Option(
        "--jwt-anonymous <methods>",
        "callable without a token: shop.v1.Shop/Get, shop.v1.Shop/*; repeatable",
      )
        .env("SAMSPEL_GATEWAY_JWT_ANONYMOUS")
        .argParser(collect),
    )
    .addOption(
      new Option("--rate <calls>", "how many calls a second each caller may make (default: any number)")
        .env("SAMSPEL_GATEWAY_RATE")
        .argParser(positive),
    )
    .addOption(
      new Option("--trusted-proxies <count>", "how many proxies before it say who calls (default: 0)")
        .env("SAMSPEL_GATEWAY_TRUSTED_PROXIES")
        .argParser(whole),
    )
    .addOption(
      new Option("--tls-cert <file>", "a certificate chain in PEM (default: plaintext)").env(
        "SAMSPEL_GATEWAY_TLS_CERT",
      ),
    )
    .addOption(new Option("--tls-key <file>", "its key").env("SAMSPEL_GATEWAY_TLS_KEY"))
    .addOption(
      new Option("--timeout <seconds>", "the deadline of calls that have none (default: 10)")
        .env("SAMSPEL_GATEWAY_TIMEOUT")
        .argParser(positive),
    )
    .addOption(
      new Option("--drain <seconds>", "how long calls may take to end when it stops (default: 30)")
        .env("SAMSPEL_GATEWAY_DRAIN")
        .argParser(positive),
    )
    .option("--reflection", "show the proto files of public methods by grpc.reflection")
    .option("--no-access-log", "do not log each request")
    .addOption(new Option("--json", "tell of the start as JSON, too").default(false))
    .exitOverride()
    .showHelpAfterError("(samspel gateway --help shows what there is)")
    .addHelpText("after", help)
    .action(async (flags: GatewayFlags) => {
      // Help and mistakes need none of it.
      const { runGateway } = await import("./run.ts");
      exit(await runGateway(flags));
    });
}

function portNumber(value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port, from 0 to 65535.");
}

function positive(value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("It must be a positive number.");
}

function whole(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("It must be a whole number.");
}

/** Of a variable, several stand in one value. */
function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...value.split(",").map((one) => one.trim())];
}

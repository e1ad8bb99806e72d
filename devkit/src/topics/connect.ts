// A connection to NATS for one who looks.
import { connect, type NatsConnection } from "nats";

const timeoutMs = 5_000;

/**
 * Connects; once there, the connection comes back for ever.
 *
 * @param url `nats://[user:password@]host:port`, or several of them with commas between.
 * @param name What the server shows.
 */
export async function connectNats(url: string, name: string): Promise<NatsConnection> {
  const servers = url.split(",").map((server) => server.trim());
  const [first = ""] = servers;
  // nats.js does not read credentials out of URLs.
  const { username, password } = URL.canParse(first) ? new URL(first) : { username: "", password: "" };
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return connect({
    servers: servers.map((server) => server.replace(/\/\/[^@/]*@/, "//")),
    name,
    timeout: timeoutMs,
    maxReconnectAttempts: -1,
    ...(user === "" ? {} : pass === "" ? { token: user } : { user, pass }),
  });
}

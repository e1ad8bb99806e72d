// What a service was started with, fit to be shown: no secret, and nothing of the environment that is not Samspel's.
import { redactUrl } from "@samspel/registry/redact-url";
import type { DevSetting } from "./dev-system.ts";

const secret = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY/i;
const shown = /^(SAMSPEL|OTEL|CONSUL|NATS|DATABASE|NODE|PYTHON)_|^PYTHON|^NODE_/;
const mask = "***";

export interface Configured {
  /** The whole environment of the service. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What samspel.json sets for it. */
  readonly own: Readonly<Record<string, string>>;
  /** What the run itself inherited. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
}

/** The settings, by name. */
export function describeSettings({ env, own, inherited }: Configured): readonly DevSetting[] {
  return Object.entries(env)
    .filter(([name, value]) => value !== undefined && (name in own || shown.test(name)))
    .map(([name, value = ""]) => ({
      name,
      value: secret.test(name) ? mask : withoutPassword(value),
      origin: name in own ? "samspel.json" : inherited[name] === value ? "environment" : "samspel dev",
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function withoutPassword(value: string): string {
  return /^\w+:\/\/[^/]*@/.test(value) ? redactUrl(value) : value;
}

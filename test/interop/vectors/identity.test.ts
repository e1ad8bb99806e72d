// spiffe.json and intentions.json: whom a peer's certificate names, and what intentions say of it.
import { identifyPeer, IdentityError } from "@samspel/registry";
import t from "tap";
import { decide, parseIntentions } from "../../../registry/src/identity/intentions.ts";
import { readVectors } from "./read-vectors.ts";

interface SpiffeVectors {
  readonly vectors: readonly {
    readonly about: string;
    readonly uriSans: readonly string[];
    readonly trustDomain: string;
    readonly expected: string | null;
    readonly service?: string;
    readonly refused?: string;
  }[];
}

interface IntentionVectors {
  readonly vectors: readonly {
    readonly about: string;
    readonly destination: string;
    readonly source: string;
    readonly intentions: readonly unknown[];
    readonly decision: string;
  }[];
}

t.test("identifyPeer() says what spiffe.json has", async (t) => {
  const { vectors } = readVectors("spiffe") as SpiffeVectors;
  for (const { about, uriSans, trustDomain, expected, service, refused } of vectors) {
    const identify = (): string =>
      identifyPeer(uriSans, trustDomain, expected === null ? {} : { service: expected }).service;
    if (service !== undefined) t.equal(identify(), service, about);
    else t.throws(identify, { name: "IdentityError", reason: refused }, about);
  }
  t.ok(new IdentityError("service", "") instanceof Error);
});

t.test("decide() says what intentions.json has", async (t) => {
  const { vectors } = readVectors("intentions") as IntentionVectors;
  for (const { about, destination, source, intentions, decision } of vectors) {
    t.equal(decide(parseIntentions(intentions, destination), source), decision, about);
  }
});

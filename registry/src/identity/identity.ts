// A service's identity: a certificate of its own and the roots by which it knows others, both by the registry's CA, as
// Consul Connect has them for services without a proxy.
//
//   P1. Leaf and roots are long polled and always the latest; while the registry is away the last ones stay.
//   P2. Renewal before the end is the registry's: it makes a new leaf, and the long poll brings it.
//   P3. A leaf whose time is over is never used: `isExpired` says so, and whoever serves or calls must refuse.
//   P4. A registry that comes back with a new CA has a new trust domain. The former one is accepted for `formerTrustMs`,
//       so that all sides find the time to follow; roots of the same trust domain that the registry has dropped are not.
//       A leaf of the new CA is not shown before its roots are there: nobody is of two systems at once.
import type { X509Certificate } from "node:crypto";
import { RegistryError } from "../errors.ts";
import { internalsOf } from "../internals.ts";
import type { Registry } from "../registry.ts";
import { createSource, lastOf } from "../watch/source.ts";
import { IdentityError } from "./identity-error.ts";
import { parseLeaf, type Leaf } from "./leaf.ts";
import { firstAnswers } from "./settled.ts";
import type { PeerExpectation, SpiffeId } from "./spiffe.ts";
import { parseTrust, verifyPeer, type Trust } from "./trust.ts";

const formerTrustMs = 30_000;

export interface IdentityOptions {
  /** Whose CA it is; it stays open when the identity is closed. */
  readonly registry: Registry;
  /** The service's name in the registry: who one is. */
  readonly service: string;
}

/** Who this process is, and by what it knows others; it follows the registry's CA. */
export interface Identity extends Disposable {
  readonly service: string;
  /** One's own name, as peers see it. */
  readonly spiffeId: string;
  /** The certificate and key to show now. Never log its `privateKey`. */
  readonly leaf: Leaf;
  /** Whether the leaf's time is over: nothing may be served or called with it. */
  readonly isExpired: boolean;
  /** The roots by which peers are known now. */
  readonly trust: Trust;
  /** All roots that a TLS connection may trust now: those of `trust`, and for a while those of a former CA. */
  readonly roots: readonly string[];
  /** Calls `listener` after each change of leaf or roots, until the returned function is called. */
  onChange(listener: () => void): () => void;
  /**
   * Who a peer is, by its certificates, its own first.
   *
   * @throws IdentityError that says what is wrong.
   */
  verifyPeer(chain: readonly X509Certificate[], expectation?: PeerExpectation): SpiffeId;
  /** Ends the watches. What it knew stays. */
  close(): void;
}

/**
 * Gets a service's identity from the registry, and keeps it fresh until it is closed.
 *
 * @throws RegistryError when the registry has given none within its `connectTimeoutMs`.
 */
export async function openIdentity({ registry, service }: IdentityOptions): Promise<Identity> {
  const internals = internalsOf(registry);
  const { http, options, closed } = internals;
  const leaves = createSource(http, options, {
    what: `get the certificate of ${service}`,
    path: `/agent/connect/ca/leaf/${encodeURIComponent(service)}`,
    parse: (body) => must(parseLeaf(body), `certificate of ${service}`, options.shownUrl),
  });
  const trusts = createSource(http, options, {
    what: "get the roots of trust",
    path: "/agent/connect/ca/roots",
    parse: (body) => must(parseTrust(body), "roots of trust", options.shownUrl),
  });
  const listeners = new Set<() => void>();
  let leaf: Leaf | undefined;
  let trust: Trust | undefined;
  let former: { readonly trust: Trust; readonly until: number } | undefined;

  const update = (): void => {
    const nextTrust = lastOf(trusts.state)?.value ?? trust;
    const latest = lastOf(leaves.state)?.value ?? leaf;
    const fits = latest?.spiffeId.toLowerCase().startsWith(`spiffe://${nextTrust?.trustDomain}/`) === true;
    const nextLeaf = fits ? latest : (leaf ?? latest);
    const changed =
      nextLeaf?.serial !== leaf?.serial ||
      nextLeaf?.certificates !== leaf?.certificates ||
      JSON.stringify(nextTrust) !== JSON.stringify(trust);
    if (trust !== undefined && nextTrust !== undefined && trust.trustDomain !== nextTrust.trustDomain) {
      former = { trust, until: performance.now() + formerTrustMs };
    }
    [leaf, trust] = [nextLeaf, nextTrust];
    if (changed) for (const listener of listeners) listener();
  };
  const leave = [leaves.subscribe(update), trusts.subscribe(update)];
  const close = (): void => {
    for (const end of leave.splice(0)) end();
    listeners.clear();
  };
  closed.addEventListener("abort", close, { once: true });
  try {
    await firstAnswers([leaves, trusts], internals, `be ${service}`);
  } catch (error) {
    close();
    throw error;
  }
  const now = (): { readonly leaf: Leaf; readonly trust: Trust } => {
    if (leaf !== undefined && trust !== undefined) return { leaf, trust };
    throw new RegistryError("SAMSPEL_REGISTRY_UNREACHABLE", `Cannot be ${service}: the registry is closed`);
  };
  update();
  now();
  const formerTrust = (): Trust | undefined =>
    former !== undefined && performance.now() < former.until ? former.trust : undefined;

  return {
    service,
    get spiffeId() {
      return now().leaf.spiffeId;
    },
    get leaf() {
      return now().leaf;
    },
    get isExpired() {
      return Date.now() >= now().leaf.notAfter.getTime();
    },
    get trust() {
      return now().trust;
    },
    get roots() {
      return [...now().trust.roots, ...(formerTrust()?.roots ?? [])];
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    verifyPeer(chain, expectation) {
      try {
        return verifyPeer(chain, now().trust, expectation);
      } catch (error) {
        const before = formerTrust();
        if (before === undefined || !(error instanceof IdentityError)) throw error;
        return verifyPeer(chain, before, expectation);
      }
    },
    close,
    [Symbol.dispose]: close,
  };
}

function must<T>(value: T | undefined, what: string, url: string): T {
  if (value !== undefined) return value;
  throw new RegistryError(
    "SAMSPEL_REGISTRY_UNREACHABLE",
    `Cannot use the ${what} that the registry at ${url} gave: turn on Consul's connect (connect { enabled = true })`,
  );
}

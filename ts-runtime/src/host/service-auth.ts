// Who may call the service: the rules of its proto files, and whose tokens are users'. What cannot be kept is said before
// anybody calls (A1).
import type { DescMethod } from "@bufbuild/protobuf";
import {
  createCallRules,
  createTokenVerifier,
  findRules,
  insecureKeys,
  namesOf,
  remembering,
  type ResolvedAuth,
} from "../auth/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { ServerAuth, ServiceBinding } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { ResolvedServiceOptions } from "./options.ts";

type Settings = Pick<ResolvedServiceOptions, "name" | "identity" | "auth" | "isProduction">;

/** How the service knows who asks, and who may. @throws SAMSPEL_INVALID_CONFIGURATION for keys that are none. */
export function openServiceAuth({ name, identity, auth }: Settings, logger: Logger): ServerAuth {
  const rules = createCallRules({
    service: name,
    default: auth.default,
    knowsServices: identity !== "none",
    knowsUsers: auth.issuers.length > 0,
  });
  return { rules, verify: verifierOf(auth, logger) };
}

export interface RuleCheck {
  readonly settings: Settings;
  /** What is served. */
  readonly bindings: readonly ServiceBinding[];
  readonly logger: Logger;
}

/**
 * Reads the rules of all methods that are served; gives back the methods that have none.
 *
 * @throws SAMSPEL_INVALID_CONFIGURATION for a rule that cannot be read, and in production for one that cannot be kept.
 */
export function checkRules(
  { rules }: ServerAuth,
  { settings, bindings, logger }: RuleCheck,
): readonly DescMethod[] {
  const methods = bindings.flatMap(({ service }) => service.methods);
  const { without, unkept, objection } = findRules(rules, methods, settings.name);
  if (objection !== undefined) {
    if (settings.isProduction) throw invalidConfiguration(objection);
    logger.warn({ methods: unkept.length }, `${objection}. Everybody may call it now`);
  }
  return without;
}

/** Says what becomes of methods without a rule. */
export function tellOfMissingRules(
  { auth, isProduction }: Settings,
  without: readonly DescMethod[],
  logger: Logger,
): void {
  if (without.length === 0) return;
  if (auth.default === "deny") {
    const fix =
      "say who may call them by (samspel.v1.allow), or by (samspel.v1.allow_service) for a whole service; or set SAMSPEL_AUTH_DEFAULT=allow";
    logger.warn(
      { methods: namesOf(without) },
      `METHODS ARE REFUSED, as nothing says who may call them: ${fix}`,
    );
  } else if (!isProduction) {
    logger.info(
      { methods: without.length },
      "methods without a rule of who may call them are open to everybody here; with NODE_ENV=production they are refused",
    );
  }
}

function verifierOf(auth: ResolvedAuth, logger: Logger): ServerAuth["verify"] {
  if (auth.issuers.length === 0) return undefined;
  for (const jwks of insecureKeys(auth)) {
    logger.warn(
      { jwks },
      "keys of tokens come by plain http: whoever is on the way can put in others; use https",
    );
  }
  return remembering(
    createTokenVerifier({
      issuers: auth.issuers,
      onKeysFailure: (issuer, error) =>
        logger.warn({ err: error, issuer }, "the keys that tokens are verified with could not be fetched"),
    }),
  );
}

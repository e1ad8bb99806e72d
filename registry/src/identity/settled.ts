// Waiting for the first answers of watches.
import { RegistryError } from "../errors.ts";
import type { RegistryInternals } from "../internals.ts";
import { lastOf, type Source } from "../watch/source.ts";

/**
 * Resolves when every source has a value.
 *
 * @throws RegistryError when the registry has not said it within `connectTimeoutMs`, or at once when it refuses: it
 *   will refuse again. A CA that is still starting is no refusal.
 */
export async function firstAnswers(
  sources: readonly Source<unknown>[],
  { options, closed }: Pick<RegistryInternals, "options" | "closed">,
  what: string,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    const refuses = sources.some(({ state }) => state.type === "unreachable" && !state.error.retryable);
    if (refuses || sources.every(({ state }) => lastOf(state) !== undefined)) resolve();
  };
  const leave = sources.map((source) => source.subscribe(look));
  const timer = setTimeout(resolve, options.connectTimeoutMs);
  closed.addEventListener("abort", () => resolve(), { once: true });
  look();
  await promise;
  clearTimeout(timer);
  const missing =
    sources.find(({ state }) => state.type === "unreachable" && lastOf(state) === undefined) ??
    sources.find(({ state }) => lastOf(state) === undefined);
  if (missing !== undefined) {
    const { state } = missing;
    for (const end of leave) end();
    throw state.type === "unreachable"
      ? state.error
      : new RegistryError(
          "SAMSPEL_REGISTRY_UNREACHABLE",
          `Cannot ${what}: the registry at ${options.shownUrl} did not answer within ${options.connectTimeoutMs} ms`,
        );
  }
  // The caller has subscribed by then: a source without a subscriber forgets.
  for (const end of leave) end();
}

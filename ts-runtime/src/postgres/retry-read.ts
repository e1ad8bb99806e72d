// Reads that outlive a restart of Postgres: asking again harms nobody.
import { SamspelError } from "../errors/index.ts";
import { backoff } from "../resilience/index.ts";
import { isTransient } from "./transient.ts";

/**
 * Runs a read again while its failures are such as a retry heals.
 * @throws SAMSPEL_DATABASE_UNREACHABLE after `retryForMs` of them.
 */
export async function retryRead<T>(retryForMs: number, read: () => PromiseLike<T>): Promise<T> {
  const startedAtMs = performance.now();
  for (let failures = 1; ; failures++) {
    try {
      return await read();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (performance.now() - startedAtMs > retryForMs) {
        throw new SamspelError(
          "SAMSPEL_DATABASE_UNREACHABLE",
          `The database did not answer a read for ${retryForMs} ms`,
          { cause: error },
        );
      }
      await backoff(failures, undefined, { initialMs: 20, maxMs: 500 });
    }
  }
}

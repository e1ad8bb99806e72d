// The same question to several services.
import { useQuery, type Query } from "./use-query.ts";

/** What one service said. */
export interface Said<T> {
  readonly service: string;
  readonly value: T | undefined;
  readonly error: unknown;
}

/** No more are asked at once: in a system of hundreds, one is chosen. */
export const maxAcross = 24;

const refreshMs = 2500;

/** Asks the services, the first 24 of them, again and again; one that does not answer does not hide the others. */
export function useAcross<T>(
  what: string,
  services: readonly string[],
  ask: (service: string, signal: AbortSignal) => Promise<T>,
): Query<readonly Said<T>[]> {
  const asked = services.slice(0, maxAcross);
  return useQuery(
    `${what}/${asked.join()}`,
    (signal) =>
      Promise.all(
        asked.map(async (service): Promise<Said<T>> => {
          try {
            return { service, value: await ask(service, signal), error: undefined };
          } catch (error) {
            return { service, value: undefined, error };
          }
        }),
      ),
    { everyMs: refreshMs },
  );
}

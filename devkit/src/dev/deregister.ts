// Takes an instance out of the registry that ended without doing so itself.

export interface Deregistration {
  readonly registryUrl: string;
  readonly token: string | undefined;
  readonly id: string;
}

const withinMs = 2000;

/** Never throws: one that is gone already is what is wanted, and a registry that does not answer finds out by itself. */
export async function deregister({ registryUrl, token, id }: Deregistration): Promise<void> {
  try {
    const url = new URL(`/v1/agent/service/deregister/${encodeURIComponent(id)}`, registryUrl);
    const response = await fetch(url, {
      method: "PUT",
      headers: token === undefined ? {} : { "x-consul-token": token },
      signal: AbortSignal.timeout(withinMs),
    });
    await response.body?.cancel();
  } catch {
    // As said above.
  }
}

// Signals to a whole process group. The guard uses this too, so it imports nothing.

/** Sends a signal to the group; false when the group is gone. */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    // EPERM: the group lives, but as another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Resolves with true when the group is gone, with false when the time is over. */
export async function groupGone(groupId: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (signalGroup(groupId, 0)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/**
 * Ends a group: asks, waits for the grace, kills. The last wait is bounded too: a group of zombies that nobody
 * reaps (a container without an init process) never goes.
 */
export async function endGroup(groupId: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!signalGroup(groupId, signal)) return;
  if (await groupGone(groupId, graceMs)) return;
  signalGroup(groupId, "SIGKILL");
  await groupGone(groupId, 1000);
}

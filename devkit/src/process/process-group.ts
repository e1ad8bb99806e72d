// Signals to a whole process group. The guard uses this too, so it imports little.
import { readdirSync, readFileSync } from "node:fs";

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
  while (groupLives(groupId)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** Ends a group: asks, waits for the grace, kills. */
export async function endGroup(groupId: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!signalGroup(groupId, signal)) return;
  if (await groupGone(groupId, graceMs)) return;
  signalGroup(groupId, "SIGKILL");
  await groupGone(groupId, 1000);
}

// A zombie still takes signals until its parent reaps it, and the first process of a container may take seconds
// to do so, or never do. So on Linux /proc decides.
function groupLives(groupId: number): boolean {
  if (!signalGroup(groupId, 0)) return false;
  if (process.platform !== "linux" || isLiveMember(String(groupId), groupId)) return true;
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isLiveMember(name, groupId));
}

function isLiveMember(pid: string, groupId: number): boolean {
  try {
    // "pid (command) state parent group …"; the command may hold spaces and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(group) === groupId && state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}

// Which part of a long history is shown.

/** So many events at once. */
export const historySize = 100;

/** After which revision to begin, so that the chosen one is in view, and the newest where that is possible. */
export function historyStart(last: number, chosen: number): number {
  const latest = Math.max(0, last - historySize);
  if (chosen > latest) return latest;
  // In steps of half a window: moving by one does not ask anew.
  const half = historySize / 2;
  return Math.max(0, Math.min(latest, Math.floor((chosen - 1) / half) * half - half / 2));
}

// The names that a group goes by.

/** What a group's entries begin with. */
export function workKey(stream: string, group: string): string {
  return `${stream}.${group}`;
}

/** Where the members of a group tell each other to look. */
export function wakeSubject(prefix: string, stream: string, group: string): string {
  return `${prefix}consumers.${stream}.${group}.wake`;
}

/** Where the holder of a partition is asked to try a dead letter again. */
export function replaySubject(prefix: string, stream: string, group: string, partition: number): string {
  return `${prefix}consumers.${stream}.${group}.replay.${partition}`;
}

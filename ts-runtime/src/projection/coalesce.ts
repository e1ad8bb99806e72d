// Many who ask for the same at once are answered by one look that began after each of them asked.

/** Gives a function that joins the next look at a key which has not begun. */
export function coalesce<K, V>(look: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const looks = new Map<K, { readonly current: Promise<V>; next: Promise<V> | undefined }>();

  const begin = (key: K): Promise<V> => {
    const current = look(key);
    const entry = { current, next: undefined };
    looks.set(key, entry);
    const end = (): void => {
      if (looks.get(key) === entry && entry.next === undefined) looks.delete(key);
    };
    current.then(end, end);
    return current;
  };
  return (key) => {
    const entry = looks.get(key);
    if (entry === undefined) return begin(key);
    const again = (): Promise<V> => begin(key);
    return (entry.next ??= entry.current.then(again, again));
  };
}

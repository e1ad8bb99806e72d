// The books: what came of each counter's changes, in the order in which it came, against what was written. The n-th
// change of a counter has the value n.

/** The values that came of each counter, in order. */
export type Book = ReadonlyMap<string, readonly number[]>;

/** Of each counter, how many changes were written. */
export type Written = ReadonlyMap<string, number>;

/** What is lost, doubled, out of order or made up; `except` names changes, as `counter/value`, that must not be there. */
export function audit(
  name: string,
  book: Book,
  written: Written,
  except: ReadonlySet<string> = new Set(),
): readonly string[] {
  const strangers = [...book.keys()]
    .filter((id) => !written.has(id))
    .map((id) => `${name}: nobody wrote ${id}`);
  const findings = [...written].flatMap(([id, last]) => {
    const expected = Array.from({ length: last }, (_, index) => index + 1).filter(
      (value) => !except.has(`${id}/${value}`),
    );
    return differences(`${name}: ${id}`, book.get(id) ?? [], expected);
  });
  return [...strangers, ...findings];
}

/** The book without what came again: for what is delivered at least once. */
export function firsts(book: Book): Book {
  return new Map([...book].map(([id, values]) => [id, [...new Set(values)]]));
}

function differences(
  what: string,
  actual: readonly number[],
  expected: readonly number[],
): readonly string[] {
  const counts = new Map<number, number>();
  for (const value of actual) counts.set(value, (counts.get(value) ?? 0) + 1);
  const findings = [
    ...expected.filter((value) => !counts.has(value)).map((value) => `${what}/${value} is lost`),
    ...[...counts]
      .filter(([, count]) => count > 1)
      .map(([value, count]) => `${what}/${value} came ${count} times`),
    ...[...counts.keys()]
      .filter((value) => !expected.includes(value))
      .map((value) => `${what}/${value} must not be there`),
  ];
  const unique = [...counts.keys()];
  const back = unique.find((value, index) => index > 0 && value < (unique[index - 1] ?? 0));
  return back === undefined ? findings : [...findings, `${what}/${back} came behind a later one`];
}

// What names tell about numbers that may have been used again. A rename is free, so this is never more than a doubt.

/** Whether two names have no word in common: `unit_price` and `price` have, `price` and `colour` have none. */
export function isOtherName(stored: string, compiled: string): boolean {
  const words = new Set(wordsOf(stored));
  return !wordsOf(compiled).some((word) => words.has(word));
}

function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split("_")
    .filter((word) => word !== "");
}

/**
 * The handler of a proxy for which the getters of a class are properties of its own. People spread a context, or look at
 * what it has, and getters of a class would be lost without a word.
 */
export function ownProperties<T extends object>(names: readonly (keyof T & string)[]): ProxyHandler<T> {
  const all: readonly (string | symbol)[] = names;
  return {
    // Not by the proxy, which has no private fields.
    get: (target, name) => Reflect.get(target, name),
    ownKeys: () => [...names],
    getOwnPropertyDescriptor: (target, name) =>
      all.includes(name)
        ? { value: Reflect.get(target, name), enumerable: true, configurable: true }
        : undefined,
  };
}

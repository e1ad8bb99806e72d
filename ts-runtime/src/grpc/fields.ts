// The fields of a header block, as carriers give and take them, and as Connect's `Headers` have them.

/** Fields that came, by names in lower case; what came several times is joined, or a list. */
export type Fields = Readonly<Record<string, string | readonly string[] | number | undefined>>;

/** Fields that go: names in lower case, each followed by its value. A shared one is never changed. */
export type RawFields = readonly string[];

/** The one value of a field; of several the first. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "string") return value;
  return typeof value === "number" ? String(value) : value[0];
}

/** All that is not HTTP/2's own. */
export function toHeaders(...blocks: readonly Fields[]): Headers {
  const headers = new Headers();
  for (const fields of blocks) {
    for (const name of Object.keys(fields)) {
      const value = fields[name];
      if (value === undefined || name.startsWith(":")) continue;
      if (typeof value === "string") headers.append(name, value);
      else if (typeof value === "number") headers.append(name, String(value));
      else for (const one of value) headers.append(name, one);
    }
  }
  return headers;
}

/** What HTTP/2 and gRPC say themselves: nobody else sets it. */
const ownNames = new Set([
  "connection",
  "content-length",
  "content-type",
  "grpc-accept-encoding",
  "grpc-encoding",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** Adds the headers that a user set, but for those that are the protocol's own. */
export function addHeaders(to: string[], headers: Headers): void {
  headers.forEach((value, name) => {
    if (!ownNames.has(name)) to.push(name, value);
  });
}

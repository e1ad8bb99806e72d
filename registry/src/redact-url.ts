// @samspel/registry/redact-url: URLs in what people read carry no secret. It stands in the lowest package, so that there
// is one for all of them.

/** The URL without its password and query, for logs and errors; what is no URL becomes `<invalid URL>`. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return "<invalid URL>";
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname === "/" ? "" : pathname}`;
}

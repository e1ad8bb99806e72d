// A secret has no place in a log or an error.

/** A URL without its password and query, for logs and errors; what is no URL becomes `<invalid URL>`. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return "<invalid URL>";
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname === "/" ? "" : pathname}`;
}

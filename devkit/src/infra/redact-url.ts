// URLs in what people read carry no password.

/** The URL without its password and query; what is no URL becomes `<invalid URL>`. */
export function redactUrl(text: string): string {
  if (!URL.canParse(text)) return "<invalid URL>";
  const url = new URL(text);
  const user = url.username === "" ? "" : `${url.username}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname === "/" ? "" : url.pathname}`;
}

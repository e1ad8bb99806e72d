// What must not be shown.

const secretName = /pass|secret|token|credential|private|api_?key|access_?key|signing_?key|auth/i;
/** Such as `token=…` within a URL or a list of options. */
const urlPattern = /[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;

/** The value of a setting as people may see it. */
export function shownValue(name: string, value: string): string {
  if (value === "") return "";
  // A file's name says where a secret is, and is none.
  if (secretName.test(name) && !/(_FILE|_DIR|_PATH)$/i.test(name)) return "…";
  return value.replaceAll(urlPattern, withoutPassword);
}

/** A URL without its password. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#@:]*):[^@]*@/i, "$1:…@");
}

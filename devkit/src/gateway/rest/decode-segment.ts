/** A path segment without its percent encoding. @throws URIError for one that is malformed. */
export function decodeSegment(text: string): string {
  return text.includes("%") ? decodeURIComponent(text) : text;
}

/** Of several segments: `%2F` stays as it is, so that it is not taken for a border between two (http.proto). */
export function decodeSegments(text: string): string {
  return text
    .split(/(%2[Ff])/)
    .map((part, index) => (index % 2 === 1 ? part : decodeSegment(part)))
    .join("");
}

// The URIs that a certificate names its holder by, from the text that Node makes of the subject's alternative names.
import type { X509Certificate } from "node:crypto";

/** Every URI of a certificate's subject, in its order. */
export function uriNames(certificate: X509Certificate): readonly string[] {
  return entriesOf(certificate.subjectAltName ?? "").flatMap((entry) => {
    if (!entry.startsWith("URI:")) return [];
    const value = entry.slice("URI:".length);
    return [value.startsWith('"') ? unquoted(value) : value];
  });
}

/**
 * Entries stand after each other with `, ` between them. Node writes one that could be taken for two as a JSON string
 * (CVE-2021-44532), so what stands in quotes is never cut.
 */
function entriesOf(text: string): readonly string[] {
  return text === "" ? [] : (text.match(/(?:"(?:[^"\\]|\\.)*"|[^",]|,(?! ))+/g) ?? []).map((it) => it.trim());
}

function unquoted(value: string): string {
  const parsed: unknown = JSON.parse(value);
  return typeof parsed === "string" ? parsed : value;
}

/** Where a process runs: as it says, else as its environment says; empty for nowhere in particular. */
export function zoneOf({ zone }: { readonly zone?: string | undefined }): string {
  return zone ?? process.env["SAMSPEL_ZONE"] ?? "";
}

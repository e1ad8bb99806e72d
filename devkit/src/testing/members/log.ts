// What the services of a system wrote, to be shown when a test fails.

const keptLines = 2_000;

export interface SystemLog {
  add(service: string, line: string): void;
  /** The lines of a service, or of all as they came with the service's name before each; the last `count`. */
  text(service?: string, count?: number): string;
}

export function createSystemLog(): SystemLog {
  const lines: { readonly service: string; readonly line: string }[] = [];
  return {
    add(service, line) {
      lines.push({ service, line });
      if (lines.length > 2 * keptLines) lines.splice(0, keptLines);
    },
    text(service, count = keptLines) {
      const own = service === undefined ? lines : lines.filter((entry) => entry.service === service);
      return own
        .slice(-count)
        .map((entry) => (service === undefined ? `${entry.service} │ ${entry.line}` : entry.line))
        .join("\n");
    },
  };
}

// What the services of a system wrote, to be shown when a test fails.

const keptLines = 2_000;

interface Line {
  readonly service: string;
  readonly line: string;
}

export interface SystemLog {
  add(service: string, line: string): void;
  /** The lines of a service, or of all as they came with the service's name before each; the last `count`. */
  text(service?: string, count?: number): string;
}

/** @param show takes each line as it comes, with its service's name. */
export function createSystemLog(show: (line: string) => void = () => {}): SystemLog {
  const lines: Line[] = [];
  return {
    add(service, line) {
      lines.push({ service, line });
      show(withName({ service, line }));
      if (lines.length > 2 * keptLines) lines.splice(0, keptLines);
    },
    text(service, count = keptLines) {
      const own = service === undefined ? lines : lines.filter((entry) => entry.service === service);
      return own
        .slice(-count)
        .map((entry) => (service === undefined ? withName(entry) : entry.line))
        .join("\n");
    },
  };
}

function withName({ service, line }: Line): string {
  return `${service} │ ${line}`;
}

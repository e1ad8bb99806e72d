// `{cart.url}` in a command to try: the service's place, known when it runs. `{random}` is four hexadecimal digits, the
// same in all commands of a run, so that a command can be tried again in the next one.

/** What can be asked of a service in a placeholder. */
export const placeholderFields = ["url", "host", "port"] as const;

/** A placeholder, as it was found. */
export interface Placeholder {
  readonly text: string;
  readonly service: string;
  readonly field: string;
}

// JSON in a command has a quote after its brace, so it is never taken for a placeholder.
const pattern = /\{([\w-]+)\.(\w+)\}/g;

/** All placeholders of a command, in order. */
export function placeholdersIn(command: string): readonly Placeholder[] {
  return [...command.matchAll(pattern)].map(([text, service, field]) => ({
    text,
    service: service ?? "",
    field: field ?? "",
  }));
}

/** Where a service is. */
export interface ServicePlace {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** The command with its placeholders replaced; what is unknown stays. */
export function fillPlaceholders(command: string, places: readonly ServicePlace[], random: string): string {
  return command.replaceAll("{random}", random).replace(pattern, (text, service: string, field: string) => {
    const place = places.find(({ name }) => name === service);
    if (place === undefined) return text;
    const values: Readonly<Record<string, string>> = {
      url: urlOf(place),
      host: place.host,
      port: String(place.port),
    };
    return values[field] ?? text;
  });
}

/** `http://127.0.0.1:20311`. */
export function urlOf({ host, port }: Omit<ServicePlace, "name">): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

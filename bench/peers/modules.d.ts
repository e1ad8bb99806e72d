// What the measurements use of the peers, so that the code is checked where they are not installed.
declare module "pg" {
  export class Client {
    constructor(url: string);
    connect(): Promise<void>;
    query(text: string | { name: string; text: string; values: readonly unknown[] }): Promise<unknown>;
    end(): Promise<void>;
  }
}

declare module "@event-driven-io/emmett" {
  export function CommandHandler<State, Event>(options: {
    readonly initialState: () => State;
    readonly evolve: (state: State, event: Event) => State;
  }): (store: unknown, stream: string, decide: (state: State) => readonly Event[]) => Promise<unknown>;
}

declare module "@event-driven-io/emmett-postgresql" {
  export function getPostgreSQLEventStore(url: string): { close(): Promise<void> };
}

// The system that a command is about: options that say which one, and the way to it.
export { forBroker, forSystem, type BrokerOptions, type SystemOptions } from "./options.ts";

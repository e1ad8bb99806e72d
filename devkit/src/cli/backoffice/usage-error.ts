/** Why a command could not be carried out at all: a wrong command line, a service that is not there. Exit code 2. */
export class UsageError extends Error {}

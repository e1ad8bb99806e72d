// What the name of a service or a project must be: it is a Consul service name and a host name (R1).

export const serviceNamePattern: RegExp = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** How that stands in errors. */
export const serviceNameRule = "a DNS label: a-z, 0-9 and -, beginning with a letter, at most 63 long";

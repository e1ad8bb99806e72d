// Faults between the members of a system: a proxy in this process for each edge.
export { createEdge } from "./edge.ts";
export type { Direction, Edge, Fault, FaultOptions, Faults } from "./fault.ts";
export { createLine, type Line, type Target } from "./line.ts";
export { openLink, type Link } from "./link.ts";

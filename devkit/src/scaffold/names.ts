// One name in the forms that files, protos and programs want.
import { ScaffoldError } from "./scaffold-error.ts";

/** What stands in templates between `{{` and `}}`. */
export interface Names {
  /** The project's name, as in samspel.json. */
  readonly project: string;
  /** The service's, a DNS label: `popular-items`. */
  readonly name: string;
  /** As a proto package and a folder: `popular_items`. */
  readonly package: string;
  /** As a type: `PopularItems`. */
  readonly Name: string;
  /** As a Go or Java package: `popularitems`. */
  readonly joined: string;
}

const dnsLabel = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that programs or protos use themselves. */
const taken: ReadonlySet<string> = new Set([
  "gen",
  "google",
  "node-modules",
  "proto",
  "samspel",
  "src",
  "test",
]);

/** @throws ScaffoldError where a name is no DNS label, or one that is used already. */
export function namesOf(project: string, name: string): Names {
  checkName("project", project);
  checkName("service", name);
  if (taken.has(name))
    throw new ScaffoldError(`Cannot name a service "${name}", as that is a folder or package of its own`);
  const words = name.split("-").filter((word) => word !== "");
  return {
    project,
    name,
    package: words.join("_"),
    Name: words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(""),
    joined: words.join(""),
  };
}

/** @throws ScaffoldError where it is no DNS label. */
export function checkName(what: "project" | "service", name: string): void {
  if (dnsLabel.test(name)) return;
  throw new ScaffoldError(
    `Cannot name a ${what} "${name}", as it must be a DNS label: a-z, 0-9 and -, beginning with a letter, at most 63 long`,
  );
}

// The names of a project or a service, as each place wants them.
import { serviceNamePattern, serviceNameRule } from "../config/index.ts";
import { ScaffoldError } from "./scaffold-error.ts";

/** What stands for `{{…}}` in templates. */
export interface Names {
  /** A DNS label, as the registry wants it: `gift-cards`. */
  readonly name: string;
  /** As a class or a proto service: `GiftCards`. */
  readonly Name: string;
  /** As a variable: `giftCards`. */
  readonly localName: string;
  /** As a proto package, and a module of Rust or Python: `gift_cards`. */
  readonly package: string;
  /** As a package of Go: `giftcardsv1`. */
  readonly goPackage: string;
}

/** Words that no language takes as the name of a package. */
const reserved: ReadonlySet<string> = new Set(
  (
    "abstract async await boolean break case catch class const continue default delete do double dyn else enum export " +
    "extends false final finally float fn for from func function go goto if impl implements import in instanceof int " +
    "interface lambda let long loop main match mod move mut native new nil none null package pass private protected " +
    "public pub raise ref return self short static struct super switch this throw throws trait true try type typeof " +
    "unsafe use var void volatile where while with yield test gen proto vendor samspel"
  ).split(" "),
);

/**
 * The forms of a name.
 * @param what What is named, for the message: `project` or `service`.
 * @throws ScaffoldError where it cannot be one.
 */
export function namesOf(what: string, name: string): Names {
  if (!serviceNamePattern.test(name)) {
    throw new ScaffoldError(`The name of a ${what} must be ${serviceNameRule}: current value is "${name}"`);
  }
  const words = name.split("-").filter((word) => word !== "");
  const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  if (reserved.has(name)) {
    throw new ScaffoldError(
      `The name of a ${what} must be no word of a language, as code is generated into packages of it: current value is "${name}"`,
    );
  }
  return {
    name,
    Name: pascal,
    localName: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    package: words.join("_"),
    goPackage: `${words.join("")}v1`,
  };
}

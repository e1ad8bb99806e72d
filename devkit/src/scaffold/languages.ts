// What a service of each language is made of, beside its template.
import type { Names } from "./names.ts";
import type { Packages } from "./packages.ts";

export const languages = ["typescript", "go"] as const;

export type Language = (typeof languages)[number];

/** What `samspel new service` says and runs for one language. */
export interface LanguageKit {
  /** How it is called. */
  readonly title: string;
  /** The service's entry in samspel.json. */
  readonly entry: (names: Names) => Readonly<Record<string, unknown>>;
  /** What its template names beside the names. */
  readonly values: (names: Names, packages: Packages) => Readonly<Record<string, string>>;
  /** What is appended to a file of the template where the library comes from a folder. */
  readonly fromFolder?: (names: Names, folder: string) => { readonly path: string; readonly text: string };
  /** Adds to `npm run generate`; undefined where that makes its code already. */
  readonly generate?: (names: Names) => string;
  /** What makes it ready, run in the project's folder, around the generating of code. */
  readonly prepare: (names: Names) => { readonly before: readonly Step[]; readonly after: readonly Step[] };
  /** How one tests it. */
  readonly test: (names: Names) => string;
}

/** A program that is run to its end. */
export interface Step {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
}

const typescript: LanguageKit = {
  title: "TypeScript",
  entry: ({ name }) => ({ command: ["node", `${name}/main.ts`] }),
  values: () => ({}),
  prepare: () => ({ before: [], after: [] }),
  test: () => "npm test",
};

const go: LanguageKit = {
  title: "Go",
  entry: ({ name }) => ({
    cwd: name,
    build: ["go", "build", "-o", `.build/${name}`, "."],
    command: [`.build/${name}`],
  }),
  values: ({ joined }, { version }) => ({ gopackage: joined, goVersion: `v${version}` }),
  fromFolder: ({ name }, folder) => ({
    path: `${name}/go.mod`,
    text: `\nreplace github.com/samspel/samspel/interop/go => ${folder}\n`,
  }),
  generate: ({ name }) => `buf generate --template ${name}/buf.gen.yaml`,
  prepare({ name }) {
    const tidy = (title: string, ...flags: readonly string[]): Step => ({
      title,
      command: ["go", "mod", "tidy", ...flags],
      cwd: name,
    });
    // The generators are tools of the module, and the module imports what they generate.
    return { before: [tidy("Go modules", "-e")], after: [tidy("Go modules")] };
  },
  test: ({ name }) => `go -C ${name} test ./...`,
};

export const kits: Readonly<Record<Language, LanguageKit>> = { typescript, go };

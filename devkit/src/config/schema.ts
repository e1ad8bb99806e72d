// What may stand in samspel.json. The file `samspel.schema.json`, which editors use, is made from this; a test holds
// the two together.
import * as v from "valibot";

/** What a service's name must be: it is a Consul service name and a host name (R1). */
const dnsLabel = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

const text = (description: string) => v.pipe(v.string(), v.minLength(1), v.description(description));

const serviceName = v.pipe(
  v.string(),
  v.regex(dnsLabel, "a DNS label: a-z, 0-9 and -, beginning with a letter, at most 63 long"),
);

const pythonSchema = v.strictObject({
  requirements: text("A pip requirements file, relative to samspel.json; pin every version in it."),
  path: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.description("Folders of Python source, relative to samspel.json: they go into PYTHONPATH."),
    ),
  ),
});

const serviceSchema = v.strictObject({
  command: v.pipe(
    v.array(v.string()),
    v.minLength(1, "a program and its arguments"),
    v.description(
      "The program and its arguments. `node` is the Node that runs samspel, `python` the service's own.",
    ),
  ),
  build: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.minLength(1, "a program and its arguments"),
      v.description(
        "A program and its arguments that build it, run in `cwd` before each start of the system.",
      ),
    ),
  ),
  cwd: v.exactOptional(text("Where it runs, relative to samspel.json. Default: the folder of samspel.json.")),
  port: v.exactOptional(
    v.pipe(
      v.number(),
      v.integer("a whole number"),
      v.minValue(1, "1 to 65535"),
      v.maxValue(65_535, "1 to 65535"),
      v.description("The port it listens on. Default: one that follows from the service's name."),
    ),
  ),
  env: v.exactOptional(
    v.pipe(v.record(v.string(), v.string()), v.description("More environment variables for this service.")),
  ),
  python: v.exactOptional(
    v.pipe(pythonSchema, v.description("Makes it a Python service with a virtual environment of its own.")),
  ),
});

const wholeSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  name: v.pipe(serviceName, v.description("The system's name.")),
  services: v.pipe(
    v.record(serviceName, serviceSchema),
    v.minEntries(1, "at least one service"),
    v.description("Each service by its name."),
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
  readonly try?: readonly string[];
}

/** One service, as it is written. */
export interface ServiceEntry {
  readonly command: readonly string[];
  readonly build?: readonly string[];
  readonly cwd?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly python?: PythonEntry;
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
  if (path.length === 0) return Object.keys(wholeSchema.entries).filter((key) => key !== "$schema");
  return Object.keys(path.length === 2 ? serviceSchema.entries : pythonSchema.entries);
}

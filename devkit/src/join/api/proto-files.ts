// Descriptors from files: a set that some compiler made, or proto files, which buf compiles.
import { execFile } from "node:child_process";
import { access, readFile, stat } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { JoinError } from "../join-error.ts";

/** The files of a set, and of which of them the services count: not of those that are only imported. */
export interface ProtoFiles {
  readonly files: readonly FileDescriptorProto[];
  /** The full names of the services, sorted. */
  readonly protoServices: readonly string[];
}

export interface ReadProtoOptions {
  /** Whether files that are compiled keep their comments. Default false. */
  readonly comments?: boolean;
}

/**
 * Reads a descriptor set, or compiles a proto file or a folder of them with buf.
 * @throws JoinError that names the path, what is wrong with it and the fix.
 */
export async function readProtoFiles(
  paths: readonly string[],
  { comments = false }: ReadProtoOptions = {},
): Promise<ProtoFiles> {
  const sets = await Promise.all(paths.map((path) => readOne(path, comments)));
  const files = new Map(sets.flatMap((set) => set.files).map((file) => [file.name, file]));
  const protoServices = new Set(sets.flatMap((set) => set.protoServices));
  return { files: [...files.values()], protoServices: [...protoServices].toSorted() };
}

async function readOne(path: string, comments: boolean): Promise<ProtoFiles> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      throw new JoinError(`Cannot read --proto ${path}: ${reasonOf(error)}`);
    },
  );
  const bytes = isFolder || path.endsWith(".proto") ? await compile(path, comments) : await readFile(path);
  try {
    return parse(bytes);
  } catch (error) {
    throw new JoinError(
      `Cannot use --proto ${path} as it is no descriptor set (${reasonOf(error)}): give a .proto file, a folder of them, or what \`buf build -o x.binpb\` or \`protoc --include_imports --descriptor_set_out x.binpb\` makes`,
    );
  }
}

function parse(bytes: Uint8Array): ProtoFiles {
  const { file: files } = fromBinary(FileDescriptorSetSchema, bytes);
  if (files.length === 0) throw new Error("it has no files");
  const own = files.filter((file) => !isImport(file) && !isCommon(file));
  const protoServices = own.flatMap((file) =>
    file.service.map(({ name }) => (file.package === "" ? name : `${file.package}.${name}`)),
  );
  return { files, protoServices };
}

/** What protoc gives along with its imports, and buf where a folder has copies of it. */
function isCommon({ name }: FileDescriptorProto): boolean {
  return /^(google\/(protobuf|api|rpc)|grpc|samspel\/v1)\//.test(name);
}

/** Field 8042 of a file in an image of buf is its `ImageFileExtension`, whose field 1 says that it is an import. */
function isImport(file: FileDescriptorProto): boolean {
  const extension = file.$unknown?.find(({ no }) => no === 8042);
  if (extension === undefined) return false;
  const inner = new BinaryReader(new BinaryReader(extension.data).bytes());
  while (inner.pos < inner.len) {
    const [number, type] = inner.tag();
    if (number === 1) return inner.bool();
    inner.skip(type, number);
  }
  return false;
}

async function compile(path: string, comments: boolean): Promise<Uint8Array> {
  const buf = await findBuf(path);
  try {
    const { stdout } = await promisify(execFile)(
      buf,
      ["build", resolve(path), ...(comments ? [] : ["--exclude-source-info"]), "-o", "-"],
      { encoding: "buffer", maxBuffer: 1 << 28 },
    );
    return stdout;
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new JoinError(`Cannot compile --proto ${path} with ${buf}:\n${said || reasonOf(error)}`);
  }
}

/** On the PATH, else where a project that is above the files, or above us, has installed it. */
async function findBuf(path: string): Promise<string> {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "buf"));
  const candidates = [...onPath, ...installedAbove(resolve(path)), ...installedAbove(process.cwd())];
  for (const candidate of candidates) {
    const found = await access(candidate).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  throw new JoinError(
    `Cannot compile --proto ${path} as there is no buf: install it (npm install --save-dev @bufbuild/buf), or give a descriptor set that protoc made: protoc --include_imports --descriptor_set_out x.binpb`,
  );
}

function installedAbove(path: string): readonly string[] {
  const here = join(path, "node_modules/.bin/buf");
  return dirname(path) === path ? [here] : [here, ...installedAbove(dirname(path))];
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

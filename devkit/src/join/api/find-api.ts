// Finds what a program serves: it is asked, else its proto files are read, else somebody says so.
import { JoinError } from "../join-error.ts";
import { urlOf } from "../probe.ts";
import type { Api } from "./api.ts";
import { setOf } from "./file-set.ts";
import { readProtoFiles, type ProtoFiles } from "./proto-files.ts";
import { reflect } from "./reflect.ts";

export interface ApiOptions {
  readonly host: string;
  readonly port: number;
  /** Whether to ask the program by reflection. */
  readonly reflection: boolean;
  /** Descriptor sets, proto files or folders of them. */
  readonly proto: readonly string[];
  /** The full names of the proto services; where there are some, others do not count. */
  readonly services: readonly string[];
}

export interface FoundApi extends Api {
  /** What is worth a warning. */
  readonly doubts: readonly string[];
}

/**
 * What the program at an address serves. Names come from `services`, else from reflection, else from `proto`;
 * descriptors from `proto`, else from reflection.
 * @throws JoinError where nothing says what it serves.
 */
export async function findApi(options: ApiOptions, signal: AbortSignal): Promise<FoundApi> {
  const { host, port, proto, services } = options;
  const files = proto.length === 0 ? undefined : await readProtoFiles(proto);
  const asked = options.reflection ? await reflect(urlOf(host, port), signal) : undefined;
  const reflected = asked?.type === "reflected" ? asked : undefined;
  const protoServices = services.length > 0 ? services : (reflected ?? files)?.protoServices;
  if (protoServices === undefined || protoServices.length === 0) {
    throw new JoinError(unknownApi(options, asked?.type === "missing" ? asked.reason : undefined, files));
  }
  const known = files ?? reflected;
  if (known === undefined) {
    const lost = "nobody has descriptors of it, so tools and the gateway cannot call it: give --proto";
    return { protoServices, descriptors: undefined, doubts: [lost] };
  }
  try {
    return { protoServices, descriptors: setOf(known.files, protoServices), doubts: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (files !== undefined) {
      throw new JoinError(`Cannot use --proto ${proto.join(", ")}: ${reason}`, { cause: error });
    }
    const doubt = `its descriptors cannot be used, so tools and the gateway cannot call it: ${reason}`;
    return { protoServices, descriptors: undefined, doubts: [doubt] };
  }
}

function unknownApi(
  { host, port, reflection }: ApiOptions,
  reason: string | undefined,
  files: ProtoFiles | undefined,
): string {
  const where = `${host}:${port}`;
  const fix = "give --proto <.proto file, folder or descriptor set>, or --service <full name>";
  if (files !== undefined) return `The files of --proto have no service: ${fix}`;
  if (!reflection) return `Nothing says what ${where} serves: ${fix}`;
  return reason === undefined
    ? `${where} serves nothing but health and reflection`
    : `Nothing says what ${where} serves, as it has no gRPC reflection (${reason}): add it, or ${fix}`;
}

// google.api.HttpBody: a body that is not JSON, such as a picture or a page.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";

export interface HttpBodyContent {
  readonly contentType: string;
  readonly data: Uint8Array;
}

export function isHttpBody({ typeName }: DescMessage): boolean {
  return typeName === "google.api.HttpBody";
}

/** What is in one; its schema may come from descriptors. */
export function readHttpBody(schema: DescMessage, message: Message): HttpBodyContent {
  const fields = reflect(schema, message);
  const [type, data] = [schema.field["contentType"], schema.field["data"]];
  const contentType: unknown = type && fields.get(type);
  const bytes: unknown = data && fields.get(data);
  return {
    contentType:
      typeof contentType === "string" && contentType !== "" ? contentType : "application/octet-stream",
    data: bytes instanceof Uint8Array ? bytes : new Uint8Array(),
  };
}

/** The same as ProtoJSON, to be merged into a request. */
export function httpBodyJson({ contentType, data }: HttpBodyContent): { contentType: string; data: string } {
  return { contentType, data: Buffer.from(data).toString("base64") };
}

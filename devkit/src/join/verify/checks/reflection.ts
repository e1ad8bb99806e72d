// REFL: grpc.reflection, by which tools learn what is served.
import { failed, passed, type Check } from "../check.ts";
import { ReflectionFailure } from "../reflection.ts";

const lists: Check = {
  rule: "REFL-1",
  level: "must",
  title: "reflection lists what is served",
  after: ["PORT-1"],
  async run(subject) {
    try {
      const { version, names } = await subject.listed();
      return passed(`${version}: ${names.length} services`);
    } catch (error) {
      if (!(error instanceof ReflectionFailure)) throw error;
      return failed(
        error.message,
        "grpc.reflection.v1, or v1alpha at least, with ServerReflectionInfo",
        "add the library's reflection service to the server",
      );
    }
  },
};

const links: Check = {
  rule: "REFL-2",
  level: "must",
  title: "reflection gives files that fit together",
  after: ["REFL-1"],
  async run(subject) {
    try {
      const { services } = await subject.api();
      return passed(`${services.length} of the service's own`);
    } catch (error) {
      if (!(error instanceof ReflectionFailure)) throw error;
      return failed(
        error.message,
        "the file of each listed service, and all that it imports",
        "give reflection the descriptors of all served services, with their imports",
      );
    }
  },
};

const current: Check = {
  rule: "REFL-3",
  level: "should",
  title: "reflection is v1",
  after: ["REFL-1"],
  async run(subject) {
    const { version } = await subject.listed();
    if (version === "v1") return passed();
    return failed(
      "grpc.reflection.v1alpha alone",
      "grpc.reflection.v1: tools begin to drop v1alpha",
      "take a version of the library that has v1",
    );
  },
};

export const reflectionChecks: readonly Check[] = [lists, links, current];

// REG: what an instance says of itself in the registry.
import { nearest } from "../../../config/suggest.ts";
import { failed, judged, passed, skipped, type Check, type Outcome, type Problem } from "../check.ts";
import { endText, hostText } from "../grpc/index.ts";
import { isInfrastructure } from "../reflection.ts";
import type { Entry } from "../registry-reader.ts";
import type { Subject } from "../subject.ts";

const notAsked = "the registry is not asked, as --url is given";

/** A check of what the registry has of the instance. */
export function entryCheck(
  check: Omit<Check, "run"> & {
    readonly run: (entry: Entry, subject: Subject, signal: AbortSignal) => Outcome | Promise<Outcome>;
  },
): Check {
  const { run, ...rest } = check;
  return {
    ...rest,
    after: ["REG-1", ...(rest.after ?? [])],
    run: async (subject, signal) =>
      subject.entry === undefined ? skipped(notAsked) : run(subject.entry, subject, signal),
  };
}

const registered: Check = {
  rule: "REG-1",
  level: "must",
  title: "an instance is registered under its name",
  async run(subject) {
    const { entry, options, registry } = subject;
    if (options.url !== undefined) return skipped(notAsked);
    if (entry !== undefined)
      return passed(subject.instances === 1 ? undefined : `1 of ${subject.instances} instances is looked at`);
    const { name = "", instance } = options;
    const services = Object.keys(await registry.services()).filter((each) => each !== "consul");
    const near = nearest(name, services);
    const known =
      near === undefined ? `there are ${services.toSorted().join(", ") || "none"}` : `did you mean ${near}?`;
    const what = instance === undefined ? `service ${name}` : `instance ${instance} of ${name}`;
    return failed(
      `no ${what} in the registry at ${registry.url} (${known})`,
      "each instance registers with PUT /v1/agent/service/register once it can answer",
      "start the service with CONSUL_HTTP_ADDR set to this registry, and look in its log for why it does not register",
    );
  },
};

const named = entryCheck({
  rule: "REG-2",
  level: "must",
  title: "its name is a DNS label",
  run({ Service: { Service: name } }) {
    if (name.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return passed();
    const label = name
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 63);
    return failed(
      `the name "${name}"`,
      "1 to 63 of a-z, 0-9 and -, and no - at its ends: certificates, DNS and intentions need that",
      `register it as "${label === "" ? "orders" : label}"`,
    );
  },
});

const identified = entryCheck({
  rule: "REG-3",
  level: "must",
  title: "its id says name, address and port",
  run({ Service: { ID, Service: name, Address, Port } }) {
    const expected = `${name}-${Address}-${Port}`.replaceAll(".", "-");
    if (ID === expected) return passed();
    return failed(
      `the id "${ID}"`,
      `"${expected}": <name>-<address>-<port>, each dot a dash`,
      "make the id of these three, so that an instance that comes back takes its old place",
    );
  },
});

const addressed = entryCheck({
  rule: "REG-4",
  level: "must",
  title: "it says where callers reach it",
  run({ Service: { Address, Port } }) {
    const problems: Problem[] = [];
    if (["", "0.0.0.0", "::", "[::]", "*"].includes(Address) || Address.startsWith("[")) {
      problems.push({
        found: `the address "${Address}"`,
        must: "an address that callers can connect to, an IPv6 one without brackets",
        mend: "where it listens on all interfaces, register the address of the one that faces the registry",
      });
    }
    if (!(Port > 0 && Port < 65_536)) {
      problems.push({
        found: `the port ${Port}`,
        must: "the port it listens on",
        mend: "register after the server listens: only then is a port of the system's choice known",
      });
    }
    return judged(problems);
  },
});

const tagged = entryCheck({
  rule: "REG-5",
  level: "must",
  title: "it has the tag grpc",
  run: ({ Service: { Tags } }) =>
    Tags.includes("grpc")
      ? passed()
      : failed(
          `the tags ${Tags.join(", ") || "(none)"}`,
          "grpc, and the full name of each proto service",
          'add the tag "grpc"',
        ),
});

const tagsServed = entryCheck({
  rule: "REG-6",
  level: "must",
  title: "its tags name what it serves, and nothing else",
  after: ["REFL-1"],
  async run({ Service: { Tags } }, subject) {
    const served = (await subject.listed()).names.filter((name) => !isInfrastructure(name));
    const problems: Problem[] = [];
    for (const name of served.filter((name) => !Tags.includes(name))) {
      problems.push({
        found: `${name} is served, and is no tag`,
        must: "a tag for each served proto service: nobody finds it otherwise",
        mend: `add the tag "${name}"`,
      });
    }
    for (const tag of Tags.filter((tag) => looksLikeService(tag) && !served.includes(tag))) {
      problems.push({
        found: `the tag ${tag}, which reflection does not list`,
        must: "no tag for a proto service that is not served: its calls would fail with UNIMPLEMENTED",
        mend: isInfrastructure(tag)
          ? "leave it out: every service has it"
          : `serve ${tag}, list it in reflection, or leave the tag out`,
      });
    }
    return judged(problems, served.join(", "));
  },
});

/** Other tags are free: `canary`, `eu.west`. */
function looksLikeService(tag: string): boolean {
  return /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\.[A-Z]\w*$/.test(tag);
}

const metaPairs = ["protocols", "version", "zone", "lang", "secure"];

const described = entryCheck({
  rule: "REG-7",
  level: "must",
  title: "its meta has what callers and tools read",
  run({ Service: { Meta } }) {
    const problems: Problem[] = [];
    const meta = Meta;
    for (const key of metaPairs.filter((key) => !(key in meta))) {
      problems.push({
        found: `no pair ${key}`,
        must: `${metaPairs.join(", ")}; version, zone and lang may be empty`,
        mend: `add ${key} to the meta`,
      });
    }
    const words = (meta["protocols"] ?? "grpc").split(",");
    const unknown = words.filter((word) => !["grpc", "grpc-web", "connect"].includes(word));
    if (unknown.length > 0 || !words.includes("grpc")) {
      problems.push({
        found: `protocols "${meta["protocols"] ?? ""}"`,
        must: "grpc, and grpc-web and connect where it speaks them, with commas and no spaces between",
        mend: 'write "grpc"',
      });
    }
    if (!["true", "false", undefined].includes(meta["secure"])) {
      problems.push({
        found: `secure "${meta["secure"] ?? ""}"`,
        must: '"true" or "false"',
        mend: "write one of them",
      });
    }
    return judged(problems);
  },
});

const versioned = entryCheck({
  rule: "REG-8",
  level: "must",
  title: "it says which version of the contract it keeps",
  run({ Service: { Meta } }) {
    const version = Meta["samspel_contract"];
    if (version === "1") return passed();
    return failed(
      version === undefined ? "no pair samspel_contract" : `samspel_contract "${version}"`,
      '"1": this version of the tool knows the joining contract 1',
      version === undefined
        ? 'add samspel_contract = "1" to the meta'
        : "verify it with a version of samspel that knows that contract",
    );
  },
});

const webTypes = { "grpc-web": "application/grpc-web+proto", connect: "application/proto" } as const;

const truthful = entryCheck({
  rule: "REG-9",
  level: "must",
  title: "it speaks the protocols that it says",
  after: ["REG-7", "HEALTH-1"],
  async run({ Service: { Meta } }, subject) {
    const said = (Meta["protocols"] ?? "").split(",");
    const problems: Problem[] = [];
    for (const [protocol, contentType] of Object.entries(webTypes)) {
      if (!said.includes(protocol)) continue;
      const connection = await subject.connection();
      const request = { path: "/grpc.health.v1.Health/Check", contentType, waitMs: subject.waitMs };
      const { end } = await connection.unary(request);
      if (end.type === "http" && end.status === 200) continue;
      problems.push({
        found: `a health check in ${protocol} is answered with ${endText(end)}`,
        must: "each protocol of meta protocols is spoken on the port",
        mend: `leave ${protocol} out of protocols, or serve it`,
      });
    }
    return judged(problems);
  },
});

const secured = entryCheck({
  rule: "REG-10",
  level: "must",
  title: "its meta secure says how its port is spoken to",
  after: ["REG-7", "PORT-1"],
  async run({ Service: { Meta } }, subject) {
    const { transport } = await subject.transport();
    const said = Meta["secure"] === "true";
    const isTls = transport?.type === "tls";
    if (said === isTls) return passed(isTls ? "TLS" : "plaintext");
    const { host, port } = subject.place;
    return failed(
      `secure is "${String(said)}", and ${hostText(host)}:${port} speaks ${isTls ? "TLS" : "plaintext"}`,
      '"true" where the port is TLS, else "false": callers choose by it',
      isTls ? 'register with secure = "true"' : 'register with secure = "false", or make the port TLS',
    );
  },
});

export const registrationChecks: readonly Check[] = [
  registered,
  named,
  identified,
  addressed,
  tagged,
  described,
  versioned,
];
/** Those that need the service's own answers. */
export const registrationTruthChecks: readonly Check[] = [tagsServed, truthful, secured];

// X.509 certificates, made and signed: Node reads them, but makes none. Keys are EC on P-256, as Consul's.
import { createHash, randomBytes, sign, X509Certificate, type KeyObject } from "node:crypto";
import { AsnConvert, AsnSerializer, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  ExtendedKeyUsage,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  AttributeTypeAndValue,
  AttributeValue,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";

const ecdsaWithSha256 = "1.2.840.10045.4.3.2";
const commonNameType = "2.5.4.3";

export interface CertificateRequest {
  /** Empty for a holder that has no name but its URIs. */
  readonly commonName: string;
  readonly uris: readonly string[];
  readonly publicKey: KeyObject;
  /** A certificate of the same holder and key, whose name and key id stand in this one, too: for signing it crosswise. */
  readonly like?: X509Certificate;
  /** Whether the holder may sign certificates. */
  readonly issues: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Who signs: the certificate of the CA and its private key; without one, the holder itself by its `key`. */
  readonly issuer: { readonly certificate?: X509Certificate; readonly key: KeyObject };
}

/** Makes a certificate and signs it. */
export function signCertificate(request: CertificateRequest): X509Certificate {
  const { publicKey, issuer, commonName } = request;
  const algorithm = new AlgorithmIdentifier({ algorithm: ecdsaWithSha256 });
  const by = issuer.certificate === undefined ? undefined : readCertificate(issuer.certificate);
  const like = request.like === undefined ? undefined : readCertificate(request.like);
  const subject = like?.subject ?? nameOf(commonName);
  const spki = publicKeyInfo(publicKey);
  const keyId = like === undefined ? keyIdOf(spki) : subjectKeyOf(like);
  const content = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: by?.subject ?? subject,
    validity: new Validity({ notBefore: request.notBefore, notAfter: request.notAfter }),
    subject,
    subjectPublicKeyInfo: spki,
    extensions: new Extensions([
      ...usages(request.issues),
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId)),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({
          keyIdentifier: new KeyIdentifier(by === undefined ? keyId : subjectKeyOf(by)),
        }),
      ),
      ...names(request),
    ]),
  });
  const signature = sign("sha256", Buffer.from(AsnConvert.serialize(content)), issuer.key);
  const certificate = new Certificate({
    tbsCertificate: content,
    signatureAlgorithm: algorithm,
    signatureValue: arrayBufferOf(signature),
  });
  return new X509Certificate(Buffer.from(AsnSerializer.serialize(certificate)));
}

function readCertificate(certificate: X509Certificate): TBSCertificate {
  return AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
}

function nameOf(commonName: string): Name {
  if (commonName === "") return new Name();
  const value = new AttributeValue({ utf8String: commonName });
  return new Name([
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonNameType, value })]),
  ]);
}

function usages(issues: boolean): readonly Extension[] {
  const flags = issues
    ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign
    : KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyAgreement;
  const usage = [
    extension(id_ce_keyUsage, new KeyUsage(flags), true),
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: issues }), true),
  ];
  return issues
    ? usage
    : [...usage, extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_clientAuth, id_kp_serverAuth]))];
}

/** Critical where there is no other name (RFC 5280, 4.2.1.6). */
function names({ uris, commonName }: CertificateRequest): readonly Extension[] {
  if (uris.length === 0) return [];
  const all = uris.map((uri) => new GeneralName({ uniformResourceIdentifier: uri }));
  return [extension(id_ce_subjectAltName, new SubjectAlternativeName(all), commonName === "")];
}

function extension(extnID: string, value: unknown, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function publicKeyInfo(publicKey: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(publicKey.export({ type: "spki", format: "der" }), SubjectPublicKeyInfo);
}

function keyIdOf(spki: SubjectPublicKeyInfo): ArrayBuffer {
  return arrayBufferOf(createHash("sha256").update(Buffer.from(spki.subjectPublicKey)).digest());
}

/** The issuer's own word for its key, which is not ours where its certificate was made elsewhere. */
function subjectKeyOf(issuer: TBSCertificate): ArrayBuffer {
  const own = issuer.extensions?.find(({ extnID }) => extnID === id_ce_subjectKeyIdentifier);
  if (own === undefined) return keyIdOf(issuer.subjectPublicKeyInfo);
  return AsnConvert.parse(own.extnValue, SubjectKeyIdentifier).buffer;
}

/** Positive, and of 16 bytes as it stands: the first is neither 0 nor negative. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return arrayBufferOf(bytes);
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

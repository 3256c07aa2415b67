/**
 * The properties of 802.1X (shill's doc/service-api.txt), for every Service that has {@link EapCredentials}: cables,
 * and networks in the air with 802.1X. Password and PIN are never told to a client that may only read.
 */
import { DaemonError } from "../base/errors.ts";
import type { PropertyTable, Signature, Wire } from "../base/property.ts";
import { type FieldOf, propertyRows } from "../base/property-row.ts";
import type { EapCredentials } from "./eap-credentials.ts";
import type { Service } from "./service.ts";

export type EapService = Service & { readonly eap: EapCredentials };

/** Names, passwords and words: longer ones no protocol carries (an EAP identity fits one packet, RFC 3748, 3.1). */
const longestText = 1024;
/** A chain of certificates, in PEM. */
const longestCertificate = 64 * 1024;
const mostListed = 64;

const methods = ["", "PEAP", "TLS", "TTLS", "LEAP", "MSCHAPV2"];
const innerMethods = ["", ...["MD5", "MSCHAPV2", "GTC", "MSCHAP", "PAP", "CHAP"].map((name) => `auth=${name}`)].concat(
  ["MD5", "MSCHAPV2", "GTC"].map((name) => `autheap=${name}`),
);
const tlsVersions = ["", "1.0", "1.1", "1.2"];
const alternativeNames: ReadonlySet<unknown> = new Set(["EMAIL", "DNS", "URI"]);

interface SettingParts<S extends Signature> {
  readonly doc: string;
  /** Throws on an impossible value; `value` never gets into the error. */
  check?(name: string, value: Wire[S]): void;
  /** Only stored while SaveCredentials says so. */
  readonly isPersonal?: true;
  readonly isSecret?: true;
}

const rows = propertyRows(({ eap }: EapService) => eap);

function setting<S extends Signature>(
  name: string,
  signature: S,
  field: FieldOf<EapCredentials, S>,
  fallback: Wire[S],
  { doc, check, isPersonal, isSecret }: SettingParts<S>,
) {
  const marks = { doc, ...(isSecret && { isSecret }), ...(check && { check: (value: Wire[S]) => check(name, value) }) };
  const row = rows.kept(signature, field, fallback, marks);
  if (!isPersonal) return [name, row] as const;
  const save = (service: EapService) => {
    const value = row.get(service);
    return service.saveCredentials && value !== fallback ? value : undefined;
  };
  return [name, { ...row, persist: { ...row.persist, save } }] as const;
}

const refuse = (name: string, why: string) => new DaemonError("InvalidArguments", `${name} ${why}`);

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern refuses them
const controlCharacter = /[\u0000-\u001f\u007f]/;

/** One line, as the supplicant's settings have it. */
function line(name: string, value: string): void {
  if (value.length > longestText) throw refuse(name, `may have at most ${longestText} characters`);
  if (controlCharacter.test(value)) throw refuse(name, "must not have control characters");
}
const oneOf = (allowed: readonly string[]) => (name: string, value: string) => {
  if (!allowed.includes(value)) throw refuse(name, `must be one of ${allowed.slice(1).join(", ")}, or empty`);
};
const each =
  (check: (name: string, value: string) => void) =>
  (name: string, values: readonly string[]): void => {
    if (values.length > mostListed) throw refuse(name, `may have at most ${mostListed} items`);
    for (const value of values) check(name, value);
  };
function certificate(name: string, value: string): void {
  if (value.length > longestCertificate)
    throw refuse(name, `may have at most ${longestCertificate} characters an item`);
  // Base 64 between its armour, or the inside alone.
  if (!/^[\x20-\x7e\r\n\t]*$/.test(value)) throw refuse(name, "must be certificates in PEM");
}
function alternativeName(name: string, value: string): void {
  line(name, value);
  const { Type: type, Value: text } = objectOf(value);
  if (alternativeNames.has(type) && typeof text === "string") return;
  throw refuse(name, 'must be JSON objects like {"Type":"DNS","Value":"radius.example"}, Type EMAIL, DNS or URI');
}
function objectOf(json: string): { readonly Type?: unknown; readonly Value?: unknown } {
  try {
    return Object(JSON.parse(json));
  } catch {
    return {};
  }
}

/** `keyManagement`: the technology's own value while no client sets another. */
export const eapProperties = (keyManagement: string): PropertyTable<EapService> =>
  Object.fromEntries([
    setting("EAP.AnonymousIdentity", "s", "anonymousIdentity", "", {
      doc: "The name shown outside the tunnel; empty: EAP.Identity is.",
      check: line,
      isPersonal: true,
    }),
    setting("EAP.CACertID", "s", "caCertificateId", "", {
      doc: "PKCS#11 identifier of the authority that the server's certificate has to come from.",
      check: line,
    }),
    setting("EAP.CACertPEM", "as", "caCertificates", [], {
      doc: "Certificates in PEM of the authorities that the server's may come from.",
      check: each(certificate),
    }),
    setting("EAP.CertID", "s", "certificateId", "", {
      doc: "PKCS#11 identifier of our own certificate.",
      check: line,
      isPersonal: true,
    }),
    setting("EAP.DomainSuffixMatch", "as", "domainSuffixMatch", [], {
      doc: "Domains of which one has to be the end of the server's name; empty: any name.",
      check: each(line),
    }),
    setting("EAP.EAP", "s", "method", "", {
      doc: "The outer method: PEAP, TLS, TTLS, LEAP, MSCHAPV2; empty: the network's choice.",
      check: oneOf(methods),
    }),
    setting("EAP.Identity", "s", "identity", "", {
      doc: "The name to log in with.",
      check: line,
      isPersonal: true,
    }),
    setting("EAP.InnerEAP", "s", "innerMethod", "", {
      doc:
        "The method inside the tunnel: auth=MD5, auth=MSCHAPV2, auth=GTC, auth=MSCHAP, auth=PAP, auth=CHAP, autheap=MD5, " +
        "autheap=MSCHAPV2, autheap=GTC; empty: the network's choice.",
      check: oneOf(innerMethods),
    }),
    setting("EAP.KeyID", "s", "keyId", "", {
      doc: "PKCS#11 identifier of our own private key.",
      check: line,
      isPersonal: true,
    }),
    setting("EAP.KeyMgmt", "s", "keyManagement", keyManagement, {
      doc: "Key management, in the supplicant's words; empty: the technology's own.",
      check: line,
    }),
    setting("EAP.Password", "s", "password", "", {
      doc: "The password that goes with EAP.Identity; GetEapPassphrase tells it to whom it belongs.",
      check: line,
      isPersonal: true,
      isSecret: true,
    }),
    setting("EAP.PIN", "s", "pin", "", {
      doc: "Opens the store that EAP.CertID and EAP.KeyID are in.",
      check: line,
      isPersonal: true,
      isSecret: true,
    }),
    setting("EAP.SubjectAlternativeNameMatch", "as", "subjectAlternativeNameMatch", [], {
      doc: 'JSON objects like {"Type":"DNS","Value":"radius.example"} (EMAIL, DNS, URI): the server has one of these names.',
      check: each(alternativeName),
    }),
    setting("EAP.SubjectMatch", "s", "subjectMatch", "", {
      doc: "Text that has to be in the subject of the server's certificate.",
      check: line,
    }),
    setting("EAP.TLSVersionMax", "s", "tlsVersionMax", "", {
      doc: "The newest TLS to be used: 1.0, 1.1, 1.2; empty: no limit.",
      check: oneOf(tlsVersions),
    }),
    setting("EAP.UseLoginPassword", "b", "usesLoginPassword", false, {
      doc: "Kept for clients: the password of the login is not known here.",
    }),
    setting("EAP.UseProactiveKeyCaching", "b", "usesProactiveKeyCaching", false, {
      doc: "Keys of one access point are offered to the others of its network.",
    }),
    setting("EAP.UseSystemCAs", "b", "usesSystemCas", true, {
      doc: "The authorities that the machine trusts may vouch for the server, too.",
    }),
  ]);

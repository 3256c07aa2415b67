/** An access point as clients set it (`Cellular.APN`, shill's service-api.txt). Pure. */
import { DaemonError } from "../../base/errors.ts";
import { type IpType, ipTypes, type ModemConnection } from "../../modem/modem.ts";

export type Apn = ReadonlyMap<string, string>;
export const noApn: Apn = new Map();

/** 3GPP TS 23.003, 9.1. */
const longestName = 100;
const apnName = /^[A-Za-z\d]([A-Za-z\d.-]*[A-Za-z\d])?$/;
/** 3GPP TS 24.008, 10.5.6.3: each fits a byte's length. */
const longestText = 255;
const mostKeys = 32;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern refuses them
const controlCharacter = /[\u0000-\u001f\u007f]/;

const password = "password";

/** Throws InvalidApn, InvalidArguments; no value gets into the error. */
export function checkApn(apn: Apn): void {
  if (apn.size > mostKeys) throw new DaemonError("InvalidArguments", `an APN has at most ${mostKeys} keys`);
  for (const [key, value] of apn) {
    const isPlain = !controlCharacter.test(key) && !controlCharacter.test(value);
    if (isPlain && key.length <= longestText && value.length <= longestText) continue;
    throw new DaemonError("InvalidArguments", `${JSON.stringify(key.slice(0, 40))} of the APN is not a line of text`);
  }
  const name = apn.get("apn") ?? "";
  if (name !== "" && (name.length > longestName || !apnName.test(name))) {
    throw new DaemonError("InvalidApn", "an access point name is letters, digits, dots and hyphens, at most 100");
  }
  const ipType = apn.get("ip_type");
  if (ipType !== undefined && !isIpType(ipType)) {
    throw new DaemonError("InvalidArguments", `ip_type is one of ${ipTypes.join(", ")}`);
  }
}
const isIpType = (text: string): text is IpType => (ipTypes as readonly string[]).includes(text);

/** As every client may read it. */
export const withoutPassword = (apn: Apn): Apn => new Map([...apn].filter(([key]) => key !== password));
export const hasPassword = (apn: Apn): boolean => (apn.get(password) ?? "") !== "";

/** A client that read it without the password sends it back without: for the same user and access point it stays. */
export function keepingPassword(next: Apn, before: Apn): Apn {
  const secret = before.get(password);
  const isSame = (key: string) => next.get(key) === before.get(key);
  if (next.has(password) || secret === undefined || !isSame("apn") || !isSame("username")) return next;
  return new Map([...next, [password, secret]]);
}

/** Without one the network is asked for its default access point. */
export function connectionOf(apn: Apn): ModemConnection {
  const [user, secret, ipType] = [apn.get("username"), apn.get(password), apn.get("ip_type")];
  return {
    apn: apn.get("apn") ?? "",
    ...(user && { user }),
    ...(secret && { password: secret }),
    ...(ipType !== undefined && isIpType(ipType) && { ipType }),
  };
}

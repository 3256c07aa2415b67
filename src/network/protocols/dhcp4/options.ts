/**
 * The option field of a DHCP message (RFC 2132, 2): raw values by code. Values that were split are joined again
 * (RFC 3396); those of an option that was sent several times are kept apart as well. Besides, the fields `file` and
 * `sname` are read when the message says that options continue there (option 52).
 */

export const optionCode = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  nameServers: 6,
  hostName: 12,
  domainName: 15,
  mtu: 26,
  broadcast: 28,
  ntpServers: 42,
  vendorEncapsulated: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  parameterList: 55,
  message: 56,
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientId: 61,
  rapidCommit: 80,
  ipv6OnlyPreferred: 108,
  captivePortal: 114,
  domainSearch: 119,
  classlessRoutes: 121,
  microsoftRoutes: 249,
  webProxyAutoDiscovery: 252,
  end: 255,
} as const;

export type RawOptions = ReadonlyMap<number, Buffer>;
/** Of options that came more than once, each value by itself. */
export type RepeatedOptions = ReadonlyMap<number, readonly Buffer[]>;

/** Where in the message options may stand, in the order in which their values are joined (RFC 3396, 5). */
export interface OptionFields {
  readonly options: Buffer;
  readonly file: Buffer;
  readonly serverName: Buffer;
}

export type OptionsResult =
  | { readonly options: RawOptions; readonly repeats: RepeatedOptions }
  | { readonly malformed: string };

/** Values of one code so far, each in one or more parts. */
type Values = Buffer[][];

/**
 * A length that runs over the end of its field spoils the whole message: the bytes after it cannot be told from data. A
 * missing end mark does not; some servers leave it out when the field is full.
 */
export function decodeOptions(fields: OptionFields): OptionsResult {
  const found = new Map<number, Values>();
  const malformed = readField("options", fields.options, found);
  if (malformed) return { malformed };
  const overload = found.get(optionCode.overload)?.[0]?.[0]?.[0] ?? 0;
  const inFile = overload & 1 ? readField("file", fields.file, found) : undefined;
  const inServerName = overload & 2 ? readField("sname", fields.serverName, found) : undefined;
  if (inFile ?? inServerName) return { malformed: inFile ?? (inServerName as string) };
  const options = new Map<number, Buffer>();
  const repeats = new Map<number, readonly Buffer[]>();
  for (const [code, values] of found) {
    options.set(code, joined(values.flat()));
    if (values.length > 1) repeats.set(code, values.map(joined));
  }
  return { options, repeats };
}

const joined = (parts: readonly Buffer[]): Buffer => (parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));

/**
 * A part goes on with the value before it if that one is full or ended in the field before (RFC 3396, 5 and 7).
 * Otherwise the server has sent the option once more.
 */
function addPart(values: Values, part: Buffer, isFirstInField: boolean): void {
  const last = values.at(-1);
  const isFull = last?.at(-1)?.length === longestPart;
  if (last && (isFull || isFirstInField)) last.push(part);
  else values.push([part]);
}

/** Returns the field's fault, if any. */
function readField(name: string, field: Buffer, into: Map<number, Values>): string | undefined {
  const seen = new Set<number>();
  for (let at = 0; at < field.length; ) {
    const code = field[at++] as number;
    if (code === optionCode.pad) continue;
    if (code === optionCode.end) return undefined;
    const length = field[at++];
    if (length === undefined) return `option ${code} in ${name} has no length`;
    if (at + length > field.length)
      return `option ${code} in ${name} runs ${at + length - field.length} bytes over the end`;
    const value = field.subarray(at, at + length);
    const values = into.get(code) ?? [];
    addPart(values, value, !seen.has(code));
    into.set(code, values);
    seen.add(code);
    at += length;
  }
  return undefined;
}

type Options = readonly (readonly [code: number, value: Uint8Array])[];

/** Bytes that {@link writeOptions} needs. */
export function lengthOfOptions(options: Options): number {
  return options.reduce((sum, [, value]) => sum + value.length + 2 * partsOf(value), 1);
}
const partsOf = (value: Uint8Array): number => Math.max(1, Math.ceil(value.length / longestPart));
const longestPart = 255;

/** In the order given, with the end mark; values longer than 255 bytes are split (RFC 3396, 6). */
export function writeOptions(options: Options, into: Uint8Array, start: number): void {
  let to = start;
  for (const [code, value] of options) {
    for (let part = 0; part < partsOf(value); part++) {
      const data = value.subarray(part * longestPart, (part + 1) * longestPart);
      into[to] = code;
      into[to + 1] = data.length;
      into.set(data, to + 2);
      to += 2 + data.length;
    }
  }
  into[to] = optionCode.end;
}

/**
 * The daemon's settings, each said once: its flag, its key in the configuration file (the same word), its check and its
 * help. Lists are arrays in the file and one word with separators as a flag.
 */
import * as v from "valibot";
import { DaemonError, describeError } from "../base/errors.ts";
import { logLevels } from "../base/log.ts";
import { isLinkName } from "../base/names.ts";
import { defaultTechnologyOrder, parseTechnologyList, type Technology, technologies } from "../base/technology.ts";
import { parseAddress } from "../bus/session/address.ts";
import { resolverChoices } from "../resolver/name-resolution.ts";
import { wifiBackends } from "../supplicant/chosen-supplicant.ts";

export interface Setting<T> {
  /** Placeholder of the value in the help; absent: a switch. */
  readonly argument?: string;
  readonly help: string;
  /** Of a list given as a flag. */
  readonly separator?: "," | "+";
  /** A flag may be relative to where the daemon is started; the file has no such place. */
  readonly isPath?: true;
  /** A flag is text; the file has numbers. */
  readonly isNumber?: true;
  /** There is no flag. A name with a dot is a key of a table of the file. */
  readonly isOfFileOnly?: true;
  readonly schema: v.GenericSchema<unknown, T>;
}

/** More links, scopes or technologies than any machine has names for. */
const mostItems = 1024;
/** PATH_MAX of Linux, with the NUL. */
const longestPath = 4095;

const isHttp = (scheme: "http:" | "https:") => (text: string) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === scheme && url.username === "" && url.password === "" && !/[\s\p{Cc}]/u.test(text);
};

const canConnectTo = (address: string): boolean => {
  try {
    return parseAddress(address).length > 0;
  } catch {
    return false;
  }
};

const text = v.string("must be text");
const switchSchema = v.boolean("must be true or false");
const path = v.pipe(
  text,
  v.startsWith("/", "must be an absolute path"),
  v.maxBytes(longestPath, `must have at most ${longestPath} bytes`),
  v.check((value) => !value.includes("\0"), "must not contain a NUL"),
);
/** In place of a URL: nothing is asked. */
export const noUrl = "none";
const url = (scheme: "http:" | "https:") =>
  v.pipe(
    text,
    v.maxLength(2048, "must have at most 2048 characters"),
    v.check(
      (value) => value === noUrl || isHttp(scheme)(value),
      `must be a URL that begins with ${scheme}// and has no user name, or ${noUrl}`,
    ),
  );
const list = <T>(item: v.GenericSchema<unknown, T>) =>
  v.pipe(
    v.array(item, "must be a list"),
    v.maxLength(mostItems, `must have at most ${mostItems} items`),
    v.check((items) => new Set(items).size === items.length, "must not name anything twice"),
  );
const linkName = v.pipe(text, v.check(isLinkName, "a link's name has 1 to 15 bytes, without blanks, '/' and ':'"));
const scopeName = v.pipe(
  text,
  v.regex(
    /^[a-z0-9][a-z0-9/_.-]{0,63}$/,
    "a scope's name has 1 to 64 lower-case letters, digits and '/', '_', '.', '-'",
  ),
);
const technologyOrder = v.pipe(
  list(text),
  v.check(
    (names) => parseTechnologyList(names.join(",")) !== undefined,
    `must be of ${technologies.filter((name) => name !== "unknown").join(", ")}`,
  ),
  v.transform((names) => names as Technology[]),
);
/** As many as fairlead-helper takes. */
const mostFolders = 16;
const busAddress = v.pipe(
  text,
  v.maxLength(4096, "must have at most 4096 characters"),
  v.check(canConnectTo, "must be a D-Bus address such as unix:path=/run/dbus/system_bus_socket"),
);

/** A longer time would mean addresses on links without a cable. */
const longestGraceSeconds = 600;
const seconds = (most: number) => {
  const words = `must be a number of seconds from 0 to ${most}`;
  return v.pipe(v.number(words), v.minValue(0, words), v.maxValue(most, words));
};

const settingTable = {
  "bus-address": { argument: "ADDR", help: "D-Bus address; default: the system bus", schema: busAddress },
  "state-dir": {
    argument: "DIR",
    help: "what outlives a reboot; default /var/lib/fairlead",
    isPath: true,
    schema: path,
  },
  "run-dir": { argument: "DIR", help: "what does not; default /run/fairlead", isPath: true, schema: path },
  block: { argument: "LINK,...", help: "links to leave alone", separator: ",", schema: list(linkName) },
  allow: { argument: "LINK,...", help: "leave all links alone but these", separator: ",", schema: list(linkName) },
  "log-level": {
    argument: "L",
    help: `${logLevels.join(", ")}; default info`,
    schema: v.picklist(logLevels, `must be one of ${logLevels.join(", ")}`),
  },
  "log-scopes": { argument: "A+B", help: "parts that log at level debug", separator: "+", schema: list(scopeName) },
  adopt: { help: "keep what links are found configured with (default)", schema: switchSchema },
  "take-over": { help: "replace what links are found configured with", schema: switchSchema },
  "carrier-grace": {
    argument: "SECONDS",
    help: "addresses outlive a lost carrier so long; default 5",
    isNumber: true,
    schema: seconds(longestGraceSeconds),
  },
  "no-rapid-commit": { help: "get leases by four messages, never by two (RFC 4039)", schema: switchSchema },
  "default-technology-order": {
    argument: "LIST",
    help: `where none was set; default ${defaultTechnologyOrder.join()}`,
    separator: ",",
    schema: technologyOrder,
  },
  "portal-http-url": {
    argument: "U",
    help: "answers 204 where the Internet is reached; none: nothing is asked",
    schema: url("http:"),
  },
  "portal-https-url": { argument: "U", help: "the same over https", schema: url("https:") },
  "uci-config": {
    argument: "FILE",
    help: "network configuration in UCI; default: what was imported",
    isPath: true,
    schema: path,
  },
  handlers: {
    argument: "DIR,...",
    help: "where handlers lie; default /etc/fairlead/handlers and our own",
    separator: ",",
    isPath: true,
    schema: v.pipe(list(path), v.maxLength(mostFolders, `must have at most ${mostFolders} items`)),
  },
  resolver: {
    argument: "WHERE",
    help: "auto (default), file, resolved: who is told of name servers",
    schema: v.picklist(resolverChoices, `must be one of ${resolverChoices.join(", ")}`),
  },
  "wifi.backend": {
    argument: "NAME",
    help: `drives radios: ${wifiBackends.join(", ")}; default auto`,
    isOfFileOnly: true,
    schema: v.picklist(wifiBackends, `must be one of ${wifiBackends.join(", ")}`),
  },
  foreground: { help: "log to the terminal as text", schema: switchSchema },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof settingTable;
/** Values of the file, or of the flags; absent ones are left out. */
export type Settings = { readonly [Name in SettingName]?: v.InferOutput<(typeof settingTable)[Name]["schema"]> };

export const settingNames = Object.keys(settingTable) as readonly SettingName[];
export const setting = (name: SettingName): Setting<unknown> => settingTable[name];
/** Settings that are flags as well. */
export const flagNames = settingNames.filter((name) => setting(name).isOfFileOnly !== true);
export const isSettingName = (name: string): name is SettingName => Object.hasOwn(settingTable, name);

/** Checks values of any origin; `where` says where a setting stands. Throws DaemonError InvalidArguments. */
export function checkSettings(
  values: ReadonlyMap<SettingName, unknown>,
  where: (name: SettingName) => string,
): Settings {
  const checked: Record<string, unknown> = {};
  for (const [name, value] of values) {
    const result = v.safeParse(setting(name).schema, value, { abortEarly: true, abortPipeEarly: true });
    if (!result.success) throw refusal(`${where(name)}: ${explain(result.issues[0])}`);
    checked[name] = result.output;
  }
  return checked;
}

function explain(issue: v.BaseIssue<unknown>): string {
  const shown = typeof issue.input === "string" ? ` (${JSON.stringify(issue.input.slice(0, 60))})` : "";
  const item = issue.path?.[0]?.key;
  return typeof item === "number" ? `item ${item + 1}${shown}: ${issue.message}` : `${issue.message}${shown}`;
}

/** `cause` becomes part of the message, which thus stays one line wherever it is shown. */
export const refusal = (message: string, cause?: unknown): DaemonError =>
  new DaemonError("InvalidArguments", oneLine(cause === undefined ? message : `${message}: ${describeError(cause)}`));

/** An argument or a file may bring line ends and escape sequences along. */
const oneLine = (message: string): string => message.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 500);

import type { LogLevel } from "../base/log.ts";
import { defaultTechnologyOrder, type Technology } from "../base/technology.ts";
import { defaultHandlerFolders } from "../helper/helper-arguments.ts";
import type { ResolverChoice } from "../resolver/name-resolution.ts";
import { defaultHttpsUrl, defaultHttpUrl } from "../services/validation/validation-plan.ts";
import type { WifiBackend } from "../supplicant/chosen-supplicant.ts";
import type { CommandLine } from "./arguments.ts";
import { readConfigFile } from "./config-file.ts";
import { checkSettings, noUrl, refusal, type Settings } from "./settings.ts";

/** All that the daemon is told from outside, checked. Nothing of it changes while it runs. */
export interface DaemonConfig {
  readonly busAddress: string;
  /** Absolute. */
  readonly stateDir: string;
  /** Absolute. */
  readonly runDir: string;
  readonly blockedLinks: readonly string[];
  /** Undefined: all that are not blocked. */
  readonly allowedLinks: readonly string[] | undefined;
  readonly logLevel: LogLevel;
  readonly logScopes: readonly string[];
  /** Treatment of a link that is found with a configuration that is not ours. */
  readonly foreignConfiguration: "adopt" | "take-over";
  /** How long addresses and routes outlive the carrier, in milliseconds. */
  readonly carrierGraceMs: number;
  /** Whether DHCP servers may answer DISCOVER with a lease at once (RFC 4039). */
  readonly wantsRapidCommit: boolean;
  readonly technologyOrder: readonly Technology[];
  /** The network configuration, in UCI. Undefined: the imported one is in the state folder. */
  readonly uciConfig: string | undefined;
  /** Absolute. Protocol handlers lie in these. */
  readonly handlerFolders: readonly string[];
  /** Empty: none is asked. */
  readonly portalHttpUrl: string;
  /** Empty: none is asked. */
  readonly portalHttpsUrl: string;
  /** Which program is told of name servers, besides the file. */
  readonly resolver: ResolverChoice;
  /** Which program drives radios. */
  readonly wifiBackend: WifiBackend;
  readonly isForeground: boolean;
}

/** See docs/decisions/short-loss-of-carrier.md. */
const defaultGraceSeconds = 5;
const defaultConfigFile = "/etc/fairlead/fairlead.toml";

/** Flags beat the file, the file beats the environment and the defaults. Throws DaemonError InvalidArguments. */
export function readDaemonConfig(
  { flags, configFile }: Extract<CommandLine, { kind: "run" }>,
  environment: Readonly<Record<string, string | undefined>>,
): DaemonConfig {
  const file = readConfigFile(configFile ?? defaultConfigFile);
  if (!file && configFile !== undefined) throw refusal(`--config: ${configFile} does not exist`);
  const foreignConfiguration =
    decideForeign(flags, "--adopt and --take-over") ??
    decideForeign(file ?? {}, `${configFile ?? defaultConfigFile}: adopt and take-over`) ??
    "adopt";
  return makeConfig({ ...file, ...flags }, foreignConfiguration, () => systemBusAddress(environment));
}

function makeConfig(
  settings: Settings,
  foreignConfiguration: DaemonConfig["foreignConfiguration"],
  systemBus: () => string,
): DaemonConfig {
  return Object.freeze({
    busAddress: settings["bus-address"] ?? systemBus(),
    stateDir: settings["state-dir"] ?? "/var/lib/fairlead",
    runDir: settings["run-dir"] ?? "/run/fairlead",
    blockedLinks: Object.freeze(settings.block ?? []),
    allowedLinks: settings.allow && Object.freeze(settings.allow),
    logLevel: settings["log-level"] ?? "info",
    logScopes: Object.freeze(settings["log-scopes"] ?? []),
    foreignConfiguration,
    carrierGraceMs: Math.round((settings["carrier-grace"] ?? defaultGraceSeconds) * 1000),
    wantsRapidCommit: !(settings["no-rapid-commit"] ?? false),
    technologyOrder: Object.freeze(settings["default-technology-order"] ?? defaultTechnologyOrder),
    portalHttpUrl: urlOf(settings["portal-http-url"] ?? defaultHttpUrl),
    portalHttpsUrl: urlOf(settings["portal-https-url"] ?? defaultHttpsUrl),
    uciConfig: settings["uci-config"],
    handlerFolders: Object.freeze(settings.handlers ?? defaultHandlerFolders),
    resolver: settings.resolver ?? "auto",
    wifiBackend: settings["wifi.backend"] ?? "auto",
    isForeground: settings.foreground ?? false,
  });
}

const urlOf = (setting: string): string => (setting === noUrl ? "" : setting);

/** One choice under two names; undefined when neither is given. */
function decideForeign(settings: Settings, where: string): DaemonConfig["foreignConfiguration"] | undefined {
  const { adopt, "take-over": takeOver } = settings;
  if (adopt === undefined && takeOver === undefined) return undefined;
  if (adopt !== undefined && adopt === takeOver) throw refusal(`${where} contradict each other`);
  return (takeOver ?? !adopt) ? "take-over" : "adopt";
}

function systemBusAddress(environment: Readonly<Record<string, string | undefined>>): string {
  const address = environment.DBUS_SYSTEM_BUS_ADDRESS || "unix:path=/run/dbus/system_bus_socket";
  checkSettings(new Map([["bus-address", address]]), () => "DBUS_SYSTEM_BUS_ADDRESS");
  return address;
}

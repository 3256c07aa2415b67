import type { WireVariant } from "../../base/property.ts";
import { type Daemon, flimflam } from "../daemon.ts";
import { type ExitCode, exitCodes, Failure, usageFailure } from "../failure.ts";
import { type Column, tableLines } from "../text/table.ts";
import { type Line, styled } from "../text/terminal-output.ts";
import type { Verb, VerbCall } from "../verb.ts";
import { labelOf, quoted } from "../view/object-names.ts";
import { stateStyle } from "../view/service-states.ts";
import { BusObject, type Snapshot } from "../view/snapshot.ts";
import { waitMs } from "../words/seconds.ts";
import { shellWord } from "../words/shell-words.ts";
import { wifiActions } from "../words/verb-actions.ts";
import { connectService } from "./connect.ts";

/** Longer than any radio takes to listen on all channels. */
const longestScanMs = 20_000;

const columns: readonly Column[] = [
  { title: "NETWORK", least: 8 },
  { title: "SIGNAL", align: "right" },
  { title: "SECURITY" },
  { title: "KNOWN" },
  { title: "STATE" },
];

export const scan: Verb = {
  name: "scan",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "has radios look around, and shows the networks in range",
  async run(call) {
    const daemon = await call.daemon();
    const radios = usableRadios(await daemon.snapshot());
    const wait = new ScanWait(call, daemon, radios);
    try {
      await daemon.call("/", flimflam("Manager"), "RequestScan", "s", ["wifi"]);
      await wait.untilDone();
    } finally {
      wait.close();
    }
    return list(call, daemon);
  },
};

export const wifi: Verb = {
  name: "wifi",
  operands: "[list | connect NETWORK]",
  leastOperands: 0,
  mostOperands: 2,
  summary: "networks in the air: shows those in range, or joins one",
  options: {
    ask: { doc: "connect: ask for the passphrase, or read it from standard input" },
    hidden: { doc: "connect: the network does not tell its name" },
    wait: { value: "SECONDS", doc: "connect: wait until it is connected, or failed, at most so long" },
  },
  actions: wifiActions,
  completes: ["action", "network", "none"],
  async run(call) {
    const [action = "list", network, ...rest] = call.operands;
    if (action === "list" && network === undefined) return list(call, await call.daemon());
    if (action === "connect" && network !== undefined && rest.length === 0) return join(call, network);
    throw usageFailure("wifi list, or wifi connect NETWORK");
  },
};

const radiosOf = (snapshot: Snapshot) => snapshot.devices.filter((device) => device.text("Type") === "wifi");
const howToEnable = "Enable it: fairlead enable wifi";
const isEnabled = (device: BusObject): boolean => device.flag("Powered") !== false;

/** At least one; a Failure where there is none, or all of them are disabled. */
function usableRadios(snapshot: Snapshot): readonly BusObject[] {
  const radios = radiosOf(snapshot);
  const [first] = radios;
  const usable = radios.filter(isEnabled);
  if (!first) throw new Failure(exitCodes.refused, "there is no radio", "");
  if (usable.length === 0)
    throw new Failure(exitCodes.refused, `${labelOf(first, snapshot)} is disabled`, "", [howToEnable]);
  return usable;
}
const networksOf = (snapshot: Snapshot) => snapshot.services.filter((service) => service.text("Type") === "wifi");
const isKnown = (network: BusObject): boolean =>
  network.reference("Profile") !== undefined && network.text("Profile") !== "";

async function list({ out, options }: VerbCall, daemon: Daemon): Promise<ExitCode> {
  const snapshot = await daemon.snapshot();
  const inRange = networksOf(snapshot)
    .filter((network) => network.flag("Visible"))
    .toSorted((a, b) => b.number("Strength") - a.number("Strength"));
  if (options.json) out.json({ networks: inRange.map(plainNetwork) });
  else if (radiosOf(snapshot).length === 0) out.line("There is no radio.");
  else if (!radiosOf(snapshot).some(isEnabled)) {
    out.line(
      `${radiosOf(snapshot)
        .map((radio) => labelOf(radio, snapshot))
        .join(", ")} is disabled. ${howToEnable}`,
    );
  } else if (inRange.length === 0) out.line("No network is in range. Look again: fairlead scan");
  else out.lines(networkTable(inRange, out.columns));
  return exitCodes.ok;
}
const networkTable = (networks: readonly BusObject[], width: number): Line[] =>
  tableLines(
    columns,
    networks.map((network) => [
      network.text("Name"),
      `${network.number("Strength")} %`,
      network.text("Security"),
      isKnown(network) ? "yes" : "",
      styled(network.text("State"), stateStyle(network.text("State"))),
    ]),
    width,
  );
const plainNetwork = (network: BusObject) => ({
  path: network.path,
  name: network.text("Name"),
  ssid: network.text("WiFi.HexSSID"),
  strength: network.number("Strength"),
  signalDbm: network.number("WiFi.SignalStrengthRssi"),
  security: network.text("Security"),
  securityClass: network.text("SecurityClass"),
  known: isKnown(network),
  state: network.text("State"),
  bssid: network.text("WiFi.BSSID"),
  frequencyMhz: network.number("WiFi.Frequency"),
});

async function join(call: VerbCall, name: string): Promise<ExitCode> {
  const limitMs = waitMs(call.options.value("wait"));
  const daemon = await call.daemon();
  const snapshot = await daemon.snapshot();
  usableRadios(snapshot);
  const network = call.options.has("hidden") ? undefined : findNetwork(snapshot, name);
  const unsupported = Object.entries({ wep: "WEP", "802_1x": "802.1X" }).find(
    ([securityClass]) => network?.text("SecurityClass") === securityClass,
  )?.[1];
  if (unsupported) throw new Failure(exitCodes.refused, `${quoted(name)} wants ${unsupported}, which is not supported`);
  const needsKey = network?.flag("PassphraseRequired") === true;
  if (needsKey && !call.options.has("ask")) {
    throw usageFailure(`${quoted(name)} needs a passphrase`, [`fairlead wifi connect ${shellWord(name)} --ask`]);
  }
  const key = call.options.has("ask") ? await call.readSecret(`Passphrase of ${name}: `) : undefined;
  const service = network ? await setKey(daemon, network, key) : await configureHidden(daemon, name, key);
  return connectService(call, daemon, { service, label: labelOf(service, await daemon.snapshot()), limitMs });
}

/** In range, or known; the one that is in range where several have the name. */
function findNetwork(snapshot: Snapshot, name: string): BusObject {
  const networks = networksOf(snapshot);
  const exact = networks.filter((network) => network.text("Name") === name);
  const lower = name.toLowerCase();
  // Upper and lower case count only where both exist, as for the names of all objects.
  const named = exact.length > 0 ? exact : networks.filter((network) => network.text("Name").toLowerCase() === lower);
  const inRange = named.filter((network) => network.flag("Visible"));
  const [found, ...others] = inRange.length > 0 ? inRange : named;
  if (!found) {
    throw usageFailure(`no network ${quoted(name)} is in range`, ["see: fairlead scan", "hidden ones: --hidden"]);
  }
  if (others.length === 0) return found;
  const each = [found, ...others].map((one) => `${one.path.slice("/service/".length)}  ${one.text("SecurityClass")}`);
  throw usageFailure(`several networks are called ${quoted(name)}: fairlead connect NUMBER`, each);
}

async function setKey(daemon: Daemon, network: BusObject, key: string | undefined): Promise<BusObject> {
  if (key !== undefined) {
    const value: WireVariant = { signature: "s", value: key };
    await daemon.call(network.path, flimflam("Service"), "SetProperty", "sv", ["Passphrase", value]);
  }
  return network;
}

async function configureHidden(daemon: Daemon, name: string, key: string | undefined): Promise<BusObject> {
  const text = (value: string): WireVariant => ({ signature: "s", value });
  const wanted = new Map<string, WireVariant>([
    ["Type", text("wifi")],
    ["WiFi.HexSSID", text(Buffer.from(name).toString("hex"))],
    ["SecurityClass", text(key === undefined ? "none" : "psk")],
    ["WiFi.HiddenSSID", { signature: "b", value: true }],
    ...(key === undefined ? [] : ([["Passphrase", text(key)]] as const)),
  ]);
  const [path] = await daemon.call("/", flimflam("Manager"), "GetService", "a{sv}", [wanted]);
  return new BusObject("service", String(path), await daemon.properties(String(path), "Service"));
}

/** Follows the property Scanning of all radios; made before the scan is asked for. */
class ScanWait {
  readonly #scanning = new Set<string>();
  readonly #stop: () => void;
  #look: () => void = () => {};

  constructor(
    private readonly call: VerbCall,
    daemon: Daemon,
    radios: readonly BusObject[],
  ) {
    for (const { path } of radios) this.#scanning.add(path);
    const changed = { interface: flimflam("Device"), member: "PropertyChanged" };
    this.#stop = daemon.onSignal(changed, ({ path, args: [name, value] }) => {
      if (name !== "Scanning" || (value as WireVariant).value === true) return;
      this.#scanning.delete(path);
      this.#look();
    });
  }
  /** Also when the time is over: networks heard so far are worth showing. */
  untilDone(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.call.clock.startTimer("scan", longestScanMs, resolve);
      this.#look = () => {
        if (this.#scanning.size > 0) return;
        cancel();
        resolve();
      };
      this.#look();
    });
  }
  close(): void {
    this.#stop();
  }
}

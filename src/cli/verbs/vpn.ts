import { basename } from "node:path";
import type { WireVariant } from "../../base/property.ts";
import {
  formatWireguardEndpoint,
  parseWireguardFile,
  type WireguardFile,
  type WireguardPeer,
} from "../../config/wireguard/wireguard-file.ts";
import { flimflam } from "../daemon.ts";
import { type ExitCode, exitCodes, Failure, usageFailure } from "../failure.ts";
import { type Column, tableLines } from "../text/table.ts";
import { styled } from "../text/terminal-output.ts";
import type { Verb, VerbCall } from "../verb.ts";
import { readConfigText } from "../view/config-report.ts";
import { quoted } from "../view/object-names.ts";
import { stateStyle } from "../view/service-states.ts";
import type { BusObject, Snapshot } from "../view/snapshot.ts";
import { shellWord } from "../words/shell-words.ts";
import { vpnActions } from "../words/verb-actions.ts";

const columns: readonly Column[] = [
  { title: "NAME", least: 8 },
  { title: "KIND" },
  { title: "SERVER" },
  { title: "STATE" },
];

export const vpn: Verb = {
  name: "vpn",
  operands: "[list | import FILE]",
  leastOperands: 0,
  mostOperands: 2,
  summary: "tunnels: shows them, or takes one from a WireGuard configuration file (- is standard input)",
  options: { name: { value: "NAME", doc: "import: its name; default: that of the file without .conf" } },
  actions: vpnActions,
  completes: ["action", "file", "none"],
  async run(call) {
    const [action = "list", file] = call.operands;
    if (action === "list" && file === undefined && !call.options.has("name")) return list(call);
    if (action === "import" && file !== undefined) return importFile(call, file);
    throw usageFailure("vpn list, or vpn import FILE [--name NAME]");
  },
};

async function list({ daemon, out, options }: VerbCall): Promise<ExitCode> {
  const { services } = await (await daemon()).snapshot();
  const tunnels = services.filter((service) => service.text("Type") === "vpn");
  if (options.json) out.json({ vpns: tunnels.map(plainTunnel) });
  else if (tunnels.length === 0) out.line("There is no VPN. Take one from a file: fairlead vpn import FILE.conf");
  else out.lines(tableLines(columns, tunnels.map(cellsOf), out.columns));
  return exitCodes.ok;
}
const cellsOf = (tunnel: BusObject) => [
  tunnel.text("Name"),
  tunnel.text("Provider.Type"),
  tunnel.text("Provider.Host"),
  styled(tunnel.text("State"), stateStyle(tunnel.text("State"))),
];
const plainTunnel = (tunnel: BusObject) => ({
  path: tunnel.path,
  name: tunnel.text("Name"),
  kind: tunnel.text("Provider.Type"),
  server: tunnel.text("Provider.Host"),
  publicKey: tunnel.text("WireGuard.PublicKey"),
  state: tunnel.text("State"),
});

/** The file is read here: keys go over the bus, and are in no argument list. */
async function importFile(call: VerbCall, file: string): Promise<ExitCode> {
  const isInput = file === "-";
  const name = call.options.value("name") ?? (isInput ? undefined : basename(file).replace(/\.conf$/i, ""));
  if (!name) throw usageFailure("what is it called? --name NAME");
  const text = isInput ? await call.readInput(mostBytes) : readConfigText(file);
  const read = parse(text, file);
  const daemon = await call.daemon();
  refuseTaken(await daemon.snapshot(), name, serverOf(read));
  const [path] = await daemon.call("/", flimflam("Manager"), "ConfigureService", "a{sv}", [
    configurationOf(read, name),
  ]);
  const notes = notesOf(read);
  if (call.options.json) call.out.json({ path, name, notes });
  else {
    call.out.lines(notes.map((note) => `${file}: ${note}`));
    call.out.line(`${name} is imported; connect it: fairlead connect ${shellWord(name)}`);
  }
  return exitCodes.ok;
}
const mostBytes = 256 * 1024;

function parse(text: string, file: string): WireguardFile {
  try {
    return parseWireguardFile(text);
  } catch (error) {
    throw new Failure(exitCodes.refused, `${file}: ${(error as Error).message}`, "");
  }
}
const notesOf = ({ notes, listenPort }: WireguardFile): readonly string[] =>
  listenPort === undefined ? notes : [...notes, "ListenPort has no effect here: the kernel chooses a port"];

const serverOf = ({ peers }: WireguardFile): string =>
  peers.find(({ endpoint }) => endpoint)?.endpoint?.host ?? "no server";

/** With another server it would be another tunnel, and the name would mean both. */
function refuseTaken({ services }: Snapshot, name: string, server: string): void {
  const tunnels = services.filter((service) => service.text("Type") === "vpn" && service.text("Name") === name);
  const [other] = tunnels;
  if (!other || tunnels.some((tunnel) => tunnel.text("Provider.Host") === server)) return;
  throw usageFailure(`a tunnel to ${quoted(other.text("Provider.Host"))} is called ${quoted(name)} already`, [
    "under another name: --name NAME",
    `without the other one: fairlead forget ${name}`,
  ]);
}

type Settings = ReadonlyMap<string, WireVariant>;

function configurationOf(file: WireguardFile, name: string): Settings {
  const text = (value: string): WireVariant => ({ signature: "s", value });
  return new Map<string, WireVariant>([
    ["Type", text("vpn")],
    ["Provider.Type", text("wireguard")],
    ["Provider.Host", text(serverOf(file))],
    ["Name", text(name)],
    ["WireGuard.PrivateKey", text(file.privateKey)],
    ["WireGuard.IPAddress", { signature: "as", value: file.addresses }],
    ["WireGuard.Peers", { signature: "aa{ss}", value: file.peers.map(peerDictionary) }],
    ["StaticIPConfig", { signature: "a{sv}", value: staticSettings(file) }],
  ]);
}
/** An empty preshared key takes away the one of an earlier import. */
function peerDictionary({ publicKey, presharedKey, allowedIps, endpoint, keepaliveSeconds }: WireguardPeer) {
  return new Map([
    ["PublicKey", publicKey],
    ["PresharedKey", presharedKey ?? ""],
    ["AllowedIPs", allowedIps.join(",")],
    ["Endpoint", endpoint ? formatWireguardEndpoint(endpoint) : ""],
    ["PersistentKeepalive", String(keepaliveSeconds ?? 0)],
  ]);
}
function staticSettings({ nameServers, searchDomains, mtu }: WireguardFile): Settings {
  return new Map<string, WireVariant>([
    ...(nameServers.length > 0 ? ([["NameServers", { signature: "as", value: nameServers }]] as const) : []),
    ...(searchDomains.length > 0 ? ([["SearchDomains", { signature: "as", value: searchDomains }]] as const) : []),
    ...(mtu === undefined ? [] : ([["Mtu", { signature: "i", value: mtu }]] as const)),
  ]);
}

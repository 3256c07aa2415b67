import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DhcpServer, startDhcpServer } from "../../harness/dhcp-server.ts";
import { addPeer, type Peer, run } from "../../harness/namespace.ts";
import type { ManagedProcess } from "../../harness/processes.ts";
import { patienceMs } from "./patience.ts";

export interface NetworkOptions {
  readonly ssid: string;
  /** Lines for hostapd's configuration; {@link wpa2} makes some. Default: an open network. */
  readonly security?: readonly string[];
  /** In the 2.4 GHz band. Default 1. */
  readonly channel?: number;
}

export interface AccessPointOptions extends NetworkOptions {
  /** Which of the guest's radios, from 0; the namespace is called `ap` and this number. */
  readonly radio: number;
  /** The first three numbers of its network, where it is `.1` and gives addresses from `.100`. */
  readonly subnet: string;
}

export const wpa2 = (passphrase: string): readonly string[] => [
  "wpa=2",
  "wpa_key_mgmt=WPA-PSK",
  "rsn_pairwise=CCMP",
  `wpa_passphrase=${passphrase}`,
];

export const wpa3 = (passphrase: string): readonly string[] => [
  "wpa=2",
  "wpa_key_mgmt=SAE",
  "rsn_pairwise=CCMP",
  "ieee80211w=2",
  "sae_pwe=2",
  `sae_password=${passphrase}`,
];

export interface AccessPoint {
  readonly peer: Peer;
  readonly address: string;
  readonly dhcp: DhcpServer;
  readonly hostapd: ManagedProcess;
  /** The same radio and DHCP server as another network. */
  restartAs(network: NetworkOptions): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

/** hostapd and dnsmasq on a radio that is moved into a namespace. Resolves when both work. */
export async function startAccessPoint(options: AccessPointOptions): Promise<AccessPoint> {
  const { radio, subnet } = options;
  const [link, address] = [`wlan${radio}`, `${subnet}.1`];
  const peer = addPeer(`ap${radio}`);
  run("iw", ["phy", `phy${radio}`, "set", "netns", "name", peer.netns]);
  const folder = mkdtempSync(join(tmpdir(), "hostapd-"));
  const start = async (network: NetworkOptions) => {
    writeFileSync(join(folder, "hostapd.conf"), configuration(link, folder, network));
    const hostapd = peer.spawn("hostapd", ["-t", join(folder, "hostapd.conf")]);
    await hostapd.untilOutput(/AP-ENABLED/, patienceMs);
    return hostapd;
  };
  let hostapd = await start(options);
  peer.exec("ip", "address", "add", `${address}/24`, "dev", link);
  const range = `${subnet}.100,${subnet}.199,255.255.255.0,1h`;
  const dhcp = await startDhcpServer(peer, { link, range, options: [`3,${address}`, `6,${address}`] });
  const stop = async () => {
    await dhcp.stop();
    await hostapd.end();
    peer.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    ...{ peer, address, dhcp, stop },
    get hostapd() {
      return hostapd;
    },
    restartAs: async (network) => {
      await hostapd.end();
      hostapd = await start(network);
    },
    log: () => `${hostapd.output()}\n${dhcp.log()}`,
  };
}

const configuration = (link: string, folder: string, { ssid, security = [], channel = 1 }: NetworkOptions) =>
  [
    `interface=${link}`,
    "driver=nl80211",
    `ctrl_interface=${join(folder, "control")}`,
    `ssid=${ssid}`,
    "country_code=DE",
    "hw_mode=g",
    `channel=${channel}`,
    ...security,
    "",
  ].join("\n");

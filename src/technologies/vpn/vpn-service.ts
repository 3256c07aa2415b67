import { DaemonError } from "../../base/errors.ts";
import type { WireguardPeer } from "../../config/wireguard/wireguard-file.ts";
import { VirtualDevice } from "../../devices/virtual-device.ts";
import type { NetworkFailure } from "../../network/network-ports.ts";
import type { ProviderHost } from "../../providers/provider.ts";
import type { Link } from "../../rtnl/rtnl.ts";
import type { AutoConnectRefusal } from "../../services/auto-connect.ts";
import type { Configuration } from "../../services/configuration.ts";
import { isActive, isConnected } from "../../services/connect-states.ts";
import { Service } from "../../services/service.ts";
import type { DisconnectReason } from "../../services/service-device.ts";
import type { NameLookupLink } from "../../system/link-dns.ts";
import { tunnelMark } from "./tunnel-link.ts";
import { followingProperties, type VpnFacts, vpnShape } from "./vpn-properties.ts";
import { makePrivateKey } from "./wireguard-keys.ts";
import { tunnelSettings } from "./wireguard-settings.ts";
import { type TunnelOwner, type TunnelPorts, WireguardTunnel } from "./wireguard-tunnel.ts";

/** View of a tunnel's Service on its Provider. */
export interface VpnRoom {
  readonly ports: TunnelPorts;
  /** The network below, as far as a tunnel has to know it; undefined: there is none. */
  readonly underlay: NameLookupLink | undefined;
  /** Another tunnel that is connected, or about to be. */
  activeBeside(service: VpnService): VpnService | undefined;
}

const noNetworkBelow = "no network is connected that the tunnel could run over";

/** A tunnel over any connected network. */
export class VpnService extends Service implements VpnFacts, TunnelOwner {
  override readonly technology = "vpn";
  kind = "";
  providerHost = "";
  privateKey = "";
  addresses: readonly string[] = [];
  peers: readonly WireguardPeer[] = [];
  #tunnel: WireguardTunnel | undefined;
  #peersInUse: readonly WireguardPeer[] = [];
  #device: VirtualDevice | undefined;
  #link: Link | undefined;
  #isAddressed = false;
  /** Result of the last greeting; undefined: it is waited for. */
  #hasAnswered: boolean | undefined;

  constructor(
    private readonly machine: ProviderHost,
    private readonly room: VpnRoom,
    serial: number,
    override readonly storageId: string,
  ) {
    super(machine, serial, "vpn", vpnShape);
    this.saveCredentials = false;
  }

  override get holdsSecret(): boolean {
    return this.privateKey !== "";
  }
  override get isConnectable(): boolean {
    return this.lacking === "";
  }
  override get lacking(): string {
    if (this.kind !== "wireguard") return `VPNs of type ${this.kind} are not supported`;
    if (this.privateKey === "") return "it needs a private key";
    if (this.addresses.length === 0) return "it needs an address of its own";
    return this.peers.length === 0 ? "it needs a peer" : "";
  }
  override get isVisible(): boolean {
    return true;
  }
  override get strengthPercent(): number {
    return 0;
  }
  override get devicePath(): string | undefined {
    return this.device?.path;
  }
  /** From its making on, also while the way to a peer is not known yet. */
  override get layer3Link(): number | undefined {
    return this.#link?.index;
  }
  override get technologyRefusal(): AutoConnectRefusal | undefined {
    if (this.machine.isProhibited(this.technology)) return "technology is prohibited";
    if (!this.hasEverConnected) return "never connected";
    return this.room.activeBeside(this) ? "vpn already active" : undefined;
  }
  /** A person decides when traffic goes through a tunnel. */
  protected override get connectsItselfAfterSuccess(): boolean {
    return false;
  }

  makeKey(): void {
    this.privateKey = makePrivateKey();
    this.#tellSettings();
  }
  override setProperty(name: string, value: unknown): void {
    super.setProperty(name, value);
    this.#tellSettings();
  }
  override configure(configuration: Configuration, commit?: () => void): void {
    try {
      super.configure(configuration, commit);
    } finally {
      this.#tellSettings();
    }
  }
  override onEntryLoaded(): void {
    super.onEntryLoaded();
    this.#tellSettings();
  }
  #tellSettings(): void {
    for (const name of followingProperties) this.properties.touch(name);
    this.requestSort("settings of a tunnel changed");
  }

  override startConnect(): void {
    if (this.machine.isProhibited(this.technology)) {
      throw new DaemonError("PermissionDenied", `Technology ${this.technology} is prohibited.`);
    }
    if (!this.room.underlay) throw new DaemonError("Failure", noNetworkBelow);
    const other = this.room.activeBeside(this);
    if (other && isActive(other.state)) other.disconnect("another one of its kind connects");
    this.advance("associate", "the tunnel is being made");
    this.#open();
  }
  /** The daemon ends, and the tunnel goes on without it. */
  leave(): void {
    this.#tunnel?.leave();
    void this.#device?.network.stop({ release: false, leaveConfigured: true });
  }
  /** An earlier run of the daemon has made the link. */
  adopt(link: Link): void {
    this.advance("associate", `${link.name} is there from an earlier run`);
    this.#open(link);
  }
  #open(found?: Link): void {
    this.#peersInUse = this.peers;
    const settings = { privateKey: this.privateKey, peers: this.peers, mark: tunnelMark(this.storageId) };
    const tunnel = new WireguardTunnel(
      this.room.ports,
      settings,
      this.#ownerOf(() => this.#tunnel === tunnel),
    );
    this.#tunnel = tunnel;
    tunnel.setUnderlay(this.room.underlay);
    void tunnel.open(found);
  }
  /** A tunnel that is given up has nothing to say any more. */
  #ownerOf(isInUse: () => boolean): TunnelOwner {
    return {
      made: (link) => isInUse() && this.made(link),
      serversChanged: () => isInUse() && this.serversChanged(),
      greeted: (hasAnswered) => isInUse() && this.greeted(hasAnswered),
      stepped: (because) => isInUse() && this.stepped(because),
      failed: (because) => isInUse() && this.failed(because),
    };
  }

  override startDisconnect(reason: DisconnectReason): void {
    this.#close(() => {
      if (this.state === "disconnecting") this.advance("disconnected", reason);
    });
  }
  #close(done: () => void = () => {}): void {
    const tunnel = this.#tunnel;
    this.#device?.stop();
    this.#device = this.#link = this.#tunnel = undefined;
    this.#isAddressed = false;
    this.#hasAnswered = undefined;
    const closed = tunnel ? tunnel.close() : Promise.resolve();
    closed
      .catch((error: unknown) => this.host.log.warn(`${this.logLabel}: its link could not be removed`, { error }))
      .then(done);
  }

  /** The network below is another one than before, or gone. */
  underlayChanged(): void {
    this.properties.touch("PhysicalTechnology");
    if (!this.#tunnel) return;
    const { underlay } = this.room;
    this.#tunnel.setUnderlay(underlay);
    if (underlay) this.#review();
    else if (isConnected(this.state)) this.connection.networkLost(noNetworkBelow);
    else this.explain(noNetworkBelow);
  }

  linkRemoved({ index, name }: Link): void {
    if (this.#link?.index === index) this.failed(`another program has removed ${name}`);
  }

  // TunnelOwner

  made(link: Link): void {
    this.#link = link;
    this.#startAddressing();
  }
  serversChanged(): void {
    if (this.#device) this.#device.setSettings(this.#settings);
    else this.#startAddressing();
  }
  greeted(hasAnswered: boolean): void {
    this.#hasAnswered = hasAnswered || this.#hasAnswered === true;
    if (isConnected(this.state)) this.explain(connectedBecause(hasAnswered));
    this.#review();
  }
  stepped(because: string): void {
    this.host.log.info(`${this.logLabel}: ${because}`);
    this.explain(because);
  }
  failed(because: string): void {
    this.#close();
    this.fail("connect-failed", because);
  }

  get #settings() {
    return tunnelSettings(this.addresses, this.#peersInUse, this.#tunnel?.servers ?? []);
  }
  /** Not before the way to a peer is known: packets that enter the tunnel until then are lost. */
  #startAddressing(): void {
    if (this.#device || !this.#link || !this.#tunnel?.isReachable) return;
    this.advance("configure", `${this.#link.name} is made`);
    const user = {
      addressed: () => this.#addressed(),
      addressingFailed: (_reason: NetworkFailure, detail: string) => this.#addressingFailed(detail),
    };
    this.#device = new VirtualDevice(this.machine, this, user, this.#link);
    this.#device.start(this.#settings);
  }
  #addressed(): void {
    this.#isAddressed = true;
    this.#review();
  }
  #addressingFailed(detail: string): void {
    this.#close();
    this.fail("internal-error", detail);
  }
  #review(): void {
    if (!this.#isAddressed || this.state !== "configuration") return;
    if (!this.room.underlay) this.explain(noNetworkBelow);
    else if (this.#hasAnswered !== undefined) this.#connected(connectedBecause(this.#hasAnswered));
  }
  /** A tunnel is not validated: that says less than whether anything is at its other end. */
  #connected(because: string): void {
    this.networkConnected(because);
    if (isConnected(this.state)) this.explain(because);
  }
}

const connectedBecause = (hasAnswered: boolean): string =>
  hasAnswered
    ? "a peer has answered"
    : "no peer has answered yet; WireGuard does not tell one that is silent from one that is not there";

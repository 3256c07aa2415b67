import type { Clock } from "../../../base/clock.ts";
import type { Log } from "../../../base/log.ts";
import type { ReceivedPacket } from "../../../packet/packet.ts";
import { arpReachabilityTest, decodeArp } from "../address-conflict-arp.ts";
import type { ProtocolLink } from "../handler.ts";
import type { LinkChannels } from "./channels.ts";
import type { RememberedLease } from "./kept-lease.ts";
import { phaseOfLease } from "./lease.ts";

/**
 * Routers that stand in for each other answer with addresses that are the same in every network which has such a pair:
 * VRRP (RFC 5798, 7.3), HSRP and GLBP (Cisco's prefixes). They identify nothing.
 */
const sharedPrefixes = ["00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f", "00:07:b4:"];

interface Candidate {
  readonly address: string;
  readonly gateway: { readonly mac: string; readonly address: string };
}

/**
 * Whether the link is in the network of a remembered lease, asked of its gateway by one ARP request (RFC 4436). The
 * gateway is taken to have the link address from which the lease came: that of the server itself, or of the relay.
 * Another host with the gateway's IP address is another network; no answer says nothing. See
 * docs/decisions/network-attachment.md.
 */
export class AttachmentTest {
  #candidate: Candidate | undefined;
  #remembered: RememberedLease | undefined;
  #preparedAt = 0;
  #hasAsked = false;

  constructor(
    private readonly link: ProtocolLink,
    private readonly channels: LinkChannels,
    private readonly clock: Pick<Clock, "now">,
    private readonly log: Log,
    private readonly onAttached: () => void,
  ) {}

  /**
   * Listens for the gateway of the lease. Nothing where no gateway could identify the network, or the lease nears its
   * end.
   */
  prepare(remembered: RememberedLease): void {
    this.#candidate = candidateOf(remembered);
    this.#remembered = remembered;
    this.#preparedAt = this.clock.now();
    this.#hasAsked = false;
    if (!this.#candidate) return;
    try {
      this.channels.channel("arp").watchAddress(this.#candidate.gateway.address);
      this.channels.listen("arp", this, (packet) => this.#onPacket(packet));
    } catch (error) {
      this.#candidate = undefined;
      this.log.debug(() => `${this.link.name}: the gateway is not asked: ${String(error)}`);
    }
  }
  /** Once for each {@link prepare}. A lease that has come near its end since then is not asked about. */
  ask(): void {
    if (!this.#candidate || this.#hasAsked) return;
    if (!this.#isEarlyEnough()) {
      this.stop();
      return;
    }
    this.#hasAsked = true;
    const { address, gateway } = this.#candidate;
    this.channels.channel("arp").send(gateway.mac, arpReachabilityTest(this.link.mac, address, gateway));
  }
  #isEarlyEnough(): boolean {
    const { lease, elapsedMs } = this.#remembered as RememberedLease;
    return isFarFromEnd({ lease, elapsedMs: elapsedMs + this.clock.now() - this.#preparedAt });
  }
  get isPrepared(): boolean {
    return this.#candidate !== undefined;
  }
  /** Takes an answer that is there already. */
  poll(): void {
    if (this.#hasAsked) this.channels.channel("arp").poll();
  }
  /** Twice is fine. */
  stop(): void {
    this.#candidate = this.#remembered = undefined;
    this.#hasAsked = false;
    this.channels.unlisten("arp", this);
  }

  #onPacket({ payload }: ReceivedPacket): void {
    const packet = decodeArp(payload);
    const candidate = this.#candidate;
    if (!packet || !candidate || !this.#hasAsked || packet.isRequest) return;
    const { address, gateway } = candidate;
    const isGateway = packet.senderMac === gateway.mac && packet.senderAddress === gateway.address;
    if (!isGateway || packet.targetAddress !== address) return;
    this.stop();
    this.onAttached();
  }
}

/** In the last part of its life, when any server may take it over, a lease is not used before a server has spoken. */
function isFarFromEnd({ lease, elapsedMs }: RememberedLease): boolean {
  const phase = phaseOfLease(lease, elapsedMs);
  return phase !== "rebind" && phase !== "expired";
}

function candidateOf(remembered: RememberedLease): Candidate | undefined {
  const { lease } = remembered;
  const { address, gateway } = lease.settings.ipv4;
  const mac = lease.serverMac.toLowerCase();
  const isUnicast = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;
  if (gateway === undefined || !isUnicast || !isFarFromEnd(remembered)) return undefined;
  if (sharedPrefixes.some((prefix) => mac.startsWith(prefix))) return undefined;
  return { address, gateway: { mac, address: gateway } };
}

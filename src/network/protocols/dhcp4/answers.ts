import { isHostIpv4, parseIpv4 } from "../../../base/ipv4.ts";
import type { ProtocolLink } from "../handler.ts";
import type { Asking } from "./asking.ts";
import type { ClientObserver, ClientPorts } from "./client-ports.ts";
import type { Identity } from "./identity.ts";
import { type DhcpLease, leaseOfGrant } from "./lease.ts";
import type { LeaseLife } from "./lease-life.ts";
import { type LeaseOptions, readLeaseOptions } from "./lease-options.ts";
import type { Dhcp4State } from "./machine.ts";
import type { DhcpMessage } from "./message.ts";
import { broadcastMac, type Sender } from "./messenger.ts";
import type { OfferingServers } from "./offering-servers.ts";
import { type IgnoredBecause, IgnoredPackets, isAnswerToUs, whyIgnored } from "./reply-check.ts";

const anywhere = "0.0.0.0";

/**
 * Reads the messages that come in on one link: passes over those that are no answers to its client, makes leases of
 * grants, and notes oddities of servers, each once.
 */
export class Answers {
  readonly ignored = new IgnoredPackets();
  readonly #servers: OfferingServers;

  constructor(
    private readonly link: ProtocolLink,
    private readonly identity: Identity,
    private readonly ports: ClientPorts,
    private readonly observer: Pick<ClientObserver, "onStep">,
    private readonly asking: Asking,
    private readonly life: LeaseLife,
  ) {
    this.#servers = ports.channels.offeringServers(ports.clock);
  }

  /** `server`: the only one that may answer; undefined: any. Undefined: the message is no answer to us. */
  read(message: DhcpMessage, sender: Sender, state: Dhcp4State, server: string | undefined): LeaseOptions | undefined {
    const options = this.#withServer(readLeaseOptions(message.options, message.repeats), sender);
    const because = whyIgnored(message, options, {
      state,
      transactionId: this.asking.transactionId,
      mac: this.identity.mac,
      server,
      wantsRapidCommit: this.identity.wantsRapidCommit,
    });
    if (!because) return options;
    const { serverId } = options;
    const isLateOffer = because === "unexpected-type" && message.type === "offer" && serverId !== undefined;
    if (isLateOffer) this.#servers.offered(serverId);
    this.ignore(because, message.type, state);
    return undefined;
  }
  /** Some servers never name themselves (option 54); the sender of the packet takes the place. */
  #withServer(options: LeaseOptions, { address }: Sender): LeaseOptions {
    if (options.serverId !== undefined) return options;
    // By UDP only the server that renews the lease is heard.
    const serverId = address ?? this.life.lease?.serverId;
    if (serverId === undefined || !isHostIpv4(parseIpv4(serverId) ?? 0)) return options;
    const problem = `no server identifier (option 54): taken for ${serverId}`;
    return { ...options, serverId, problems: [...options.problems, problem] };
  }

  /** `fromMac`: undefined where the answer came by UDP. Undefined: no host can use the grant. */
  leaseOf(
    message: DhcpMessage,
    options: LeaseOptions,
    fromMac: string | undefined,
    state: Dhcp4State,
  ): DhcpLease | undefined {
    const { clock, bootId } = this.ports;
    const { sentAt } = this.asking;
    const result = leaseOfGrant({
      // Some servers confirm a lease in use without repeating its address.
      address: message.yourAddress === anywhere ? message.clientAddress : message.yourAddress,
      options,
      serverMac: fromMac ?? this.life.lease?.serverMac ?? broadcastMac,
      grantedAtMs: Math.round(clock.wallTime() - (clock.now() - sentAt)),
      boot: bootId === undefined ? undefined : { id: bootId, grantedAtMs: Math.round(sentAt) },
      client: this.identity.clientId.toString("hex"),
      random: this.ports.random(),
    });
    if ("refused" in result) {
      this.ignore("unusable", result.refused, state);
      return undefined;
    }
    this.asking.answered();
    for (const problem of result.problems) this.noteOddity(`server ${options.serverId}: ${problem}`);
    return result.lease;
  }

  /** `what`: bounded text of ours about the packet. */
  ignore(because: IgnoredBecause, what: string, state: Dhcp4State): void {
    const isFirst = this.ignored.add(because, what);
    this.ports.log.debug(() => `${this.link.name}: packet ignored in ${state}: ${because} (${what})`);
    if (isFirst && isAnswerToUs.has(because))
      this.observer.onStep({ kind: "note", text: `DHCP ignores an answer: ${because} (${what})` });
  }
  noteOddity(what: string): void {
    if (this.ports.channels.oddities.add(what)) this.ports.log.info(`${this.link.name}: ${what}`);
  }
}

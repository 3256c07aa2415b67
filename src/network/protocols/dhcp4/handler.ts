import { DaemonError, describeError } from "../../../base/errors.ts";
import { randomUint32 } from "../../../system/random.ts";
import type { IpSettings } from "../../ip-settings.ts";
import type { ProtocolHandler, ProtocolHost, ProtocolLink, ProtocolSession, ProtocolStep } from "../handler.ts";
import { ChannelPool } from "./channels.ts";
import { Dhcp4Client } from "./client.ts";
import type { ClientObserver, LostReason } from "./client-ports.ts";
import type { Dhcp4Config } from "./config.ts";
import type { Dhcp4Ports } from "./ports.ts";

export interface Dhcp4Handler extends ProtocolHandler<Dhcp4Config> {
  attach(link: ProtocolLink, config: Dhcp4Config, host: ProtocolHost): Dhcp4Session;
  /** Opens the link's packet socket before it is needed. Throws SystemError. */
  prepareLink(linkIndex: number): void;
  /** The link is gone: closes its sockets and forgets its back-off. */
  forgetLink(linkIndex: number): void;
  /** Forgets all links. */
  close(): void;
}

/** Packet sockets stay open between sessions, as opening and above all closing them costs. */
export function dhcp4Handler(ports: Dhcp4Ports): Dhcp4Handler {
  const pool = new ChannelPool(ports.packets);
  const { udp, random = Math.random, transactionId = randomTransactionId, isOwnMac = () => false, bootId } = ports;
  // The system's generator prepares itself at its first use, which should not be the one on the way to an address.
  transactionId();
  return {
    name: "dhcp4",
    awaits: "lease",
    /** Throws DaemonError InvalidArguments for settings that no message could carry. */
    attach: (link, config, host) =>
      new Dhcp4Session(host, config, (session) => {
        const channels = pool.of(link.index);
        return new Dhcp4Client(
          link,
          config,
          { clock: host.clock, log: host.log, channels, udp, random, transactionId, isOwnMac, bootId },
          session,
        );
      }),
    prepareLink: (linkIndex) => void pool.of(linkIndex).channel("dhcp4-client"),
    forgetLink: (linkIndex) => pool.forget(linkIndex),
    close: () => pool.forgetAll(),
  };
}

const randomTransactionId = randomUint32;

interface PendingSetup {
  readonly resolve: (settings: IpSettings) => void;
  readonly reject: (error: unknown) => void;
  readonly unlistenAbort: () => void;
}

/**
 * One connection of one link. After a failed setup or after `lost` it may be set up again, at once if the owner likes: the
 * client keeps its own back-off after NAKs and conflicts. `lost` tells a {@link LostReason}.
 */
export class Dhcp4Session implements ProtocolSession, ClientObserver {
  readonly #client: Dhcp4Client;
  #pending: PendingSetup | undefined;
  #mayResume: boolean;

  constructor(
    private readonly host: ProtocolHost,
    private readonly config: Dhcp4Config,
    makeClient: (session: Dhcp4Session) => Dhcp4Client,
  ) {
    this.#mayResume = config.resume === "in-use";
    this.#client = makeClient(this);
  }

  /** For the debug dump. */
  inspect(): Readonly<Record<string, unknown>> {
    return this.#client.inspect();
  }

  /**
   * The first packet leaves inside this call. Rejects with OperationTimeout when the time is up, OperationAborted after
   * `abort`, teardown, or when the network wants no IPv4 (`context.reason` "ipv6-only-preferred", `context.retryAfterMs`),
   * InProgress when another setup runs, Failure when no packet socket can be had. When up: resolves with what is in force.
   */
  setup(abort: AbortSignal): Promise<IpSettings> {
    if (this.#pending) return Promise.reject(new DaemonError("InProgress"));
    if (abort.aborted) return Promise.reject(new DaemonError("OperationAborted"));
    if (this.#client.settings) return Promise.resolve(this.#client.settings);
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#abandon();
      this.#pending = { resolve, reject, unlistenAbort: () => abort.removeEventListener("abort", onAbort) };
      this.#start();
      // After the packet: the server thinks meanwhile.
      if (this.#pending) abort.addEventListener("abort", onAbort, { once: true });
    });
  }
  /** Unforced, gives the lease back first, if the settings say so. A lease that was not given back stays kept. */
  teardown({ force }: { readonly force: boolean }): Promise<void> {
    this.#client.stop({ release: !force && (this.config.releaseOnTeardown ?? true) });
    this.#finish()?.reject(new DaemonError("OperationAborted"));
    return Promise.resolve();
  }
  /** Only while up; see {@link Dhcp4Client.verify}. */
  renew(): void {
    this.#client.verify();
  }

  onSettings(settings: IpSettings): void {
    const pending = this.#finish();
    if (pending) pending.resolve(settings);
    else this.host.settingsChanged(settings);
  }
  onStep(step: ProtocolStep): void {
    this.host.step?.(step);
  }
  onFailed(error: DaemonError): void {
    this.#finish()?.reject(error);
  }
  onConflict(address: string, otherMac: string): void {
    this.host.conflict?.(address, otherMac);
  }
  onLost(reason: LostReason): void {
    this.host.log.info(`lease lost: ${reason}`);
    this.host.lost(reason);
  }

  #start(): void {
    const resume = this.#mayResume;
    this.#mayResume = false;
    try {
      this.#client.start({ resume });
    } catch (error) {
      this.#client.stop({ release: false });
      this.#finish()?.reject(
        new DaemonError("Failure", `DHCP cannot start: ${describeError(error)}`, { cause: error }),
      );
    }
  }
  #abandon(): void {
    this.#client.stop({ release: false });
    this.#finish()?.reject(new DaemonError("OperationAborted"));
  }
  #finish(): PendingSetup | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) queueMicrotask(pending.unlistenAbort);
    return pending;
  }
}

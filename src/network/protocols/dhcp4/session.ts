import { DaemonError, describeError } from "../../../base/errors.ts";
import type { IpSettings } from "../../ip-settings.ts";
import type { ProtocolHost, ProtocolSession, ProtocolStep } from "../handler.ts";
import type { Dhcp4Client } from "./client.ts";
import type { ClientObserver, LostReason } from "./client-ports.ts";
import type { Dhcp4Config } from "./config.ts";

interface PendingSetup {
  readonly resolve: (settings: IpSettings) => void;
  readonly reject: (error: unknown) => void;
  readonly unlistenAbort: () => void;
}

/**
 * One connection of one link. After a failed setup or after `lost` it may be set up again, at once if the owner likes:
 * the client keeps its own back-off after NAKs and conflicts. `lost` tells a {@link LostReason}.
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

  /** See {@link Dhcp4Client.getReady}. */
  getReady(): void {
    this.#client.getReady();
  }
  /** As {@link setup}, which then takes the exchange over. */
  begin(): void {
    this.#client.begin();
  }

  /**
   * The first packet leaves inside this call, if it has not left at {@link begin}. Rejects with OperationTimeout when
   * the time is up, OperationAborted after `abort`, teardown, or when the network wants no IPv4 (`context.reason`
   * "ipv6-only-preferred", `context.retryAfterMs`), InProgress when another setup runs, Failure when no packet socket
   * can be had. When up: resolves with the settings in force.
   */
  setup(abort: AbortSignal): Promise<IpSettings> {
    if (this.#pending) return Promise.reject(new DaemonError("InProgress"));
    if (abort.aborted) return Promise.reject(new DaemonError("OperationAborted"));
    if (this.#client.settings) return Promise.resolve(this.#client.settings);
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#abandon();
      this.#pending = { resolve, reject, unlistenAbort: () => abort.removeEventListener("abort", onAbort) };
      if (this.#client.state === "stopped") this.#start();
      else this.#client.poll();
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

  onGranted(settings: IpSettings): void {
    if (this.#pending) this.host.granted?.(settings);
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

import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { ingressBlock, isOwnIngress, isOwnShaper, shaperHandle } from "../network/kernel/marks.ts";
import type { KernelError, KernelRequest, Qdisc, RateLimit, Rtnl } from "../rtnl/rtnl.ts";

/** Kilobits (1000) per second in each direction; 0: not limited. */
export interface Throttle {
  readonly uploadKbps: number;
  readonly downloadKbps: number;
}

/** The most that the kernel's 32 bits of bytes per second hold: 34 Gbit/s. */
const mostKbps = Math.floor(0xffffffff / 125);

interface ThrottlingPorts {
  readonly rtnl: Pick<Rtnl, "batch" | "qdiscs" | "snapshot">;
  readonly log: Log;
}

/**
 * Limits the traffic of every connected link, each by itself (docs/contract/shill.md, Sleep and traffic). Not
 * stored: it ends with the daemon, and a start takes away limits that a killed one left. Links whose queueing
 * disciplines another program set up keep them.
 */
export class Throttling {
  #wanted: Throttle | undefined;
  #links: readonly number[] = [];
  /** The limit in force, by link. */
  readonly #limited = new Map<number, Throttle>();
  /** One change after another: each begins with the limits that the one before has left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly ports: ThrottlingPorts) {}

  /** For the debug dump. */
  get state(): object {
    return { wanted: this.#wanted ?? null, limitedLinks: [...this.#limited.keys()] };
  }

  /** Removes limits of an earlier run. The kernel can be asked. */
  start(): void {
    void this.#inTurn(() => this.#remove(() => true));
  }

  /**
   * `undefined`: no limit. Resolves when all connected links obey. Rejects with InvalidArguments, NotSupported (this
   * kernel cannot) or Failure (a link cannot be limited), and then everything is as before.
   */
  async set(throttle: Throttle | undefined): Promise<void> {
    if (throttle) checkThrottle(throttle);
    await this.#inTurn(async () => {
      const before = this.#wanted;
      this.#wanted = throttle;
      const failure = await this.#adjust();
      if (!failure) return;
      this.#wanted = before;
      await this.#adjust();
      throw failure;
    });
  }

  /** The links that are connected now; the same array means that nothing has changed. */
  follow(links: readonly number[]): void {
    if (links === this.#links) return;
    this.#links = links;
    if (!this.#wanted && this.#limited.size === 0) return;
    void this.#inTurn(async () => {
      const failure = await this.#adjust();
      if (failure) this.ports.log.warn(`the limit on traffic is not in force everywhere: ${describeError(failure)}`);
    });
  }

  /** Gives the links back. Resolves when the kernel has answered. */
  async stop(): Promise<void> {
    this.#wanted = undefined;
    await this.#inTurn(() => this.#adjust());
  }

  #inTurn<R>(change: () => Promise<R>): Promise<R> {
    const result = this.#last.then(change);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Makes the kernel follow the wish; returns the first reason why it does not on some link. */
  async #adjust(): Promise<DaemonError | undefined> {
    const wanted = this.#wanted;
    const links = new Set(wanted ? this.#links : []);
    const superfluous = new Set([...this.#limited.keys()].filter((link) => !links.has(link)));
    if (superfluous.size > 0) await this.#remove((link) => superfluous.has(link));
    let failure: DaemonError | undefined;
    for (const link of links) {
      if (!wanted || isSame(this.#limited.get(link), wanted)) continue;
      failure ??= await this.#limit(link, wanted);
    }
    return failure;
  }

  /** Both directions or none. */
  async #limit(link: number, throttle: Throttle): Promise<DaemonError | undefined> {
    if (this.#limited.has(link)) await this.#remove((other) => other === link);
    const requests = limitingRequests(link, throttle);
    const errors = await this.ports.rtnl.batch(requests);
    const error = errors.find((one) => one !== undefined);
    if (!error) {
      this.#limited.set(link, throttle);
      return undefined;
    }
    await this.#remove((other) => other === link);
    return this.#reasonFor(link, error);
  }
  /** Undefined: the link is gone, and needs no limit any more. */
  #reasonFor(link: number, error: KernelError): DaemonError | undefined {
    const name = this.ports.rtnl.snapshot.links.get(link)?.name;
    if (name === undefined || error.code === "ENODEV") return undefined;
    if (error.code === "ENOENT" || error.code === "EOPNOTSUPP") {
      return new DaemonError("NotSupported", "This kernel cannot limit traffic so", { cause: error });
    }
    const why = error.code === "EEXIST" ? "somebody else set up its queueing discipline" : "the kernel refuses";
    return new DaemonError("Failure", `The traffic of ${name} cannot be limited, ${why}`, { cause: error });
  }

  /** Removes the disciplines with our mark, and nothing else, from the links that are `meant`. Never rejects. */
  async #remove(meant: (link: number) => boolean): Promise<void> {
    const { rtnl, log } = this.ports;
    try {
      const own = (await rtnl.qdiscs()).filter(({ link }) => meant(link)).flatMap(removal);
      const errors = await rtnl.batch(own);
      // A discipline that is gone with its link is no failure.
      const error = errors.find((one) => one !== undefined && one.code !== "ENODEV" && one.code !== "ENOENT");
      if (error) throw error;
    } catch (error) {
      log.warn(`a limit on traffic could not be taken away: ${describeError(error)}`);
    }
    for (const link of this.#limited.keys()) if (meant(link)) this.#limited.delete(link);
  }
}

function checkThrottle({ uploadKbps, downloadKbps }: Throttle): void {
  if (uploadKbps === 0 && downloadKbps === 0) {
    throw new DaemonError("InvalidArguments", "One of download/upload rates should be set");
  }
  if (Math.max(uploadKbps, downloadKbps) > mostKbps) {
    throw new DaemonError("InvalidArguments", `A rate is at most ${mostKbps} kbit/s`);
  }
}

const isSame = (a: Throttle | undefined, b: Throttle): boolean =>
  a?.uploadKbps === b.uploadKbps && a.downloadKbps === b.downloadKbps;

function limitingRequests(link: number, { uploadKbps, downloadKbps }: Throttle): readonly KernelRequest[] {
  const requests: KernelRequest[] = [];
  if (uploadKbps > 0) {
    requests.push({ op: "put-shaper", link, handle: shaperHandle, limit: uploadLimit(uploadKbps) });
  }
  if (downloadKbps > 0) {
    const block = ingressBlock(link);
    requests.push({ op: "add-ingress", link, block }, { op: "add-policer", block, limit: downloadLimit(downloadKbps) });
  }
  return requests;
}

function removal(qdisc: Qdisc): readonly KernelRequest[] {
  const { link } = qdisc;
  if (isOwnShaper(qdisc)) return [{ op: "delete-shaper", link, handle: shaperHandle }];
  return isOwnIngress(qdisc) ? [{ op: "delete-ingress", link }] : [];
}

/** A burst of 20 ms, and a queue of 100 ms that holds at least one of the largest packets that the stack hands down. */
function uploadLimit(kbps: number): RateLimit {
  const bytesPerSecond = kbps * 125;
  const burstBytes = Math.max(16_384, Math.floor(bytesPerSecond / 50));
  return { bytesPerSecond, burstBytes, queueBytes: Math.max(65_536, Math.floor(bytesPerSecond / 10)) };
}

/** Arriving packets come joined to up to 64 KiB, and nothing waits: two of these, or 100 ms, pass at once. */
function downloadLimit(kbps: number): RateLimit {
  const bytesPerSecond = kbps * 125;
  return { bytesPerSecond, burstBytes: Math.max(131_072, Math.floor(bytesPerSecond / 10)), queueBytes: 0 };
}

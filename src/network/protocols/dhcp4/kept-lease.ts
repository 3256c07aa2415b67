import { describeError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { HeldAddress, LeaseKeeper } from "./config.ts";
import { type DhcpLease, phaseOfLease } from "./lease.ts";
import { ageOfLease, type Moment } from "./lease-age.ts";
import { leaseExpiryMs, leaseFromJson, leaseToJson } from "./lease-json.ts";

export interface RememberedLease {
  readonly lease: DhcpLease;
  /** Milliseconds since it was granted; may be past its end. */
  readonly elapsedMs: number;
}

/**
 * The keeper as the client uses it: writes are put off until {@link flush}, since a commit to disk must not stand
 * between the server's answer and the link; a keeper that fails is logged and otherwise ignored.
 */
export class KeptLease {
  #unsaved: DhcpLease | "forget" | undefined;

  constructor(
    private readonly keeper: LeaseKeeper | undefined,
    /** Option 61, hex. */
    private readonly client: string,
    private readonly log: Log,
  ) {}

  /**
   * The lease saved last, if the kernel or the boot clock know that it has not run out; otherwise the one that the wall
   * clock allows. `held`: addresses on the link.
   */
  load(now: Moment, held: readonly HeldAddress[]): RememberedLease | undefined {
    const newest = this.#read({ evenExpired: true });
    const age = newest && ageOfLease(newest, now, held);
    if (newest && age?.by !== "wall-clock" && age && phaseOfLease(newest, age.elapsedMs) !== "expired") {
      return { lease: newest, elapsedMs: age.elapsedMs };
    }
    const lease = this.#read({ evenExpired: false });
    const elapsedMs = lease && ageOfLease(lease, now, held)?.elapsedMs;
    if (lease && elapsedMs === undefined)
      this.log.warn("kept lease ignored: granted in the future: the clock was set back");
    return lease && elapsedMs !== undefined ? { lease, elapsedMs } : undefined;
  }
  #read(which: { readonly evenExpired: boolean }): DhcpLease | undefined {
    const text = this.#guarded("load", (keeper) => keeper.load(which));
    if (text === undefined) return undefined;
    const loaded = leaseFromJson(text, this.client);
    if ("lease" in loaded) return loaded.lease;
    this.log.warn(`kept lease ignored: ${loaded.ignored}`);
    return undefined;
  }
  save(lease: DhcpLease): void {
    this.#unsaved = lease;
  }
  forget(): void {
    this.#unsaved = "forget";
  }
  flush(): void {
    const unsaved = this.#unsaved;
    this.#unsaved = undefined;
    if (unsaved === undefined) return;
    if (unsaved === "forget") this.#guarded("forget", (keeper) => keeper.forget());
    else
      this.#guarded("save", (keeper) => keeper.save(leaseToJson(unsaved), leaseExpiryMs(unsaved), networkOf(unsaved)));
  }
  #guarded<R>(what: string, use: (keeper: LeaseKeeper) => R): R | undefined {
    try {
      return this.keeper && use(this.keeper);
    } catch (error) {
      this.log.warn(`cannot ${what} the lease: ${describeError(error)}`);
      return undefined;
    }
  }
}

/** Server identifiers repeat from home to home (192.168.1.1); with the link address they do not. */
const networkOf = (lease: DhcpLease): string => `${lease.serverId} ${lease.serverMac}`;

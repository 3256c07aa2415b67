import { describeError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { LeaseKeeper } from "./config.ts";
import type { DhcpLease } from "./lease.ts";
import { leaseExpiryMs, leaseFromJson, leaseToJson } from "./lease-json.ts";

export interface RememberedLease {
  readonly lease: DhcpLease;
  /** Milliseconds since it was granted, by the wall clock; may be past its end. */
  readonly elapsedMs: number;
}

/**
 * The keeper as the client uses it: writes are put off until {@link flush}, since a commit to disk must not stand between
 * the server's answer and the link; a keeper that fails is logged and otherwise ignored.
 */
export class KeptLease {
  #unsaved: DhcpLease | "forget" | undefined;

  constructor(
    private readonly keeper: LeaseKeeper | undefined,
    /** Option 61, hex. */
    private readonly client: string,
    private readonly log: Log,
  ) {}

  load(wallTimeMs: number): RememberedLease | undefined {
    const text = this.#guarded("load", (keeper) => keeper.load());
    if (text === undefined) return undefined;
    const loaded = leaseFromJson(text, this.client, wallTimeMs);
    if ("lease" in loaded) return loaded;
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

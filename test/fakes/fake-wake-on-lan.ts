import { errnoOf, kernelError } from "../../src/rtnl/kernel-error.ts";
import type { Rtnl } from "../../src/rtnl/rtnl.ts";
import type { WakeOnLan } from "../../src/rtnl/wake-on-lan.ts";

/** Cards of the kernel in memory: those without a kind can wake the machine. */
export class FakeWakeOnLan implements WakeOnLan {
  /** By link index: whether a magic packet wakes the machine. */
  readonly isEnabled = new Map<number, boolean>();
  /** Orders so far. */
  orders = 0;
  constructor(private readonly rtnl: Pick<Rtnl, "snapshot">) {}

  async setMagicPacket(linkIndex: number, isEnabled: boolean): Promise<void> {
    this.orders++;
    const link = this.rtnl.snapshot.links.get(linkIndex);
    const refusal = !link ? "ENODEV" : link.kind !== undefined ? "EOPNOTSUPP" : undefined;
    if (refusal) throw kernelError(`wake-on-lan of link ${linkIndex}`, errnoOf(refusal));
    this.isEnabled.set(linkIndex, isEnabled);
  }
}

import type { Clock } from "../base/clock.ts";
import { bytes, encodeParts, nest, type Part, u32 } from "./encode.ts";
import { type GenericCommand, GenericNetlink } from "./generic-netlink.ts";
import type { WakeOnLan } from "./wake-on-lan.ts";

const ethtoolFamily = "ethtool";
// include/uapi/linux/ethtool_netlink.h
const setWakeOnLan = 10;
const wol = { header: 1, modes: 2 } as const;
const deviceIndex = 1;
const bitset = { bits: 3 } as const;
const bits = { bit: 1 } as const;
const bit = { index: 1, value: 3 } as const;
/** WAKE_MAGIC is the bit of this number (include/uapi/linux/ethtool.h). */
const magicPacket = 5;

/** A list of bits without the attribute "no mask" changes these bits alone. */
export function setMagicPacketCommand(linkIndex: number, isEnabled: boolean): GenericCommand {
  const isSet: readonly Part[] = isEnabled ? [bytes(bit.value, Buffer.alloc(0))] : [];
  const magic = nest(bits.bit, [u32(bit.index, "bit", magicPacket), ...isSet]);
  const attributes = encodeParts([
    nest(wol.header, [u32(deviceIndex, "link", linkIndex)]),
    nest(wol.modes, [nest(bitset.bits, [magic])]),
  ]);
  return { name: `wake-on-lan of link ${linkIndex}`, number: setWakeOnLan, version: 1, attributes };
}

/**
 * {@link WakeOnLan} of this network namespace, by ethtool's netlink. Needs CAP_NET_ADMIN. Its socket lives for one
 * order.
 */
export class KernelWakeOnLan implements WakeOnLan {
  constructor(private readonly clock: Clock) {}

  async setMagicPacket(linkIndex: number, isEnabled: boolean): Promise<void> {
    const netlink = new GenericNetlink(this.clock);
    try {
      await netlink.order(ethtoolFamily, setMagicPacketCommand(linkIndex, isEnabled));
    } finally {
      netlink.close();
    }
  }
}

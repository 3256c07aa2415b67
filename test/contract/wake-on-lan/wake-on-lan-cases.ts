/** Behaviour of every WakeOnLan; run against the fake and against the kernel. */
import assert from "node:assert/strict";
import type { WakeOnLan } from "../../../src/rtnl/wake-on-lan.ts";

export interface WakeOnLanWorld {
  readonly wakeOnLan: WakeOnLan;
  /** Index of a link that the kernel made up. */
  readonly madeUp: number;
}

export const wakeOnLanCases: Readonly<Record<string, (world: WakeOnLanWorld) => Promise<void>>> = {
  "a link without hardware cannot wake the machine": async ({ wakeOnLan, madeUp }) => {
    for (const isEnabled of [true, false])
      await assert.rejects(wakeOnLan.setMagicPacket(madeUp, isEnabled), { code: "EOPNOTSUPP" });
  },
  "a link that is gone is none": async ({ wakeOnLan }) => {
    await assert.rejects(wakeOnLan.setMagicPacket(999_999, true), { code: "ENODEV" });
  },
};

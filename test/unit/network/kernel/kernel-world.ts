/** A fake kernel with two plugged cables, and an applier on it. */

import { emptyIpSettings, type IpFamilySettings, type IpSettings } from "../../../../src/network/ip-settings.ts";
import { Applier } from "../../../../src/network/kernel/applier.ts";
import type { NetworkWish } from "../../../../src/network/kernel/wish.ts";
import { mergeSettings } from "../../../../src/network/merge.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";
import { FakeKernel } from "../../../fakes/fake-kernel.ts";
import { FakeSysctls } from "../../../fakes/fake-sysctls.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";

export interface KernelWorld {
  readonly kernel: FakeKernel;
  readonly clock: FakeClock;
  readonly sysctls: FakeSysctls;
  readonly log: RecordingLog;
  readonly applier: Applier;
  readonly eth0: number;
  readonly eth1: number;
  /** A second applier, as after a crash: the first one is just left behind. */
  restart(): Applier;
  /** Everything but the links, the objects of `lo` and the kernel's own rules. */
  text(): string;
}

export async function makeKernelWorld(): Promise<KernelWorld> {
  const kernel = new FakeKernel();
  const clock = new FakeClock();
  const sysctls = new FakeSysctls();
  const log = new RecordingLog();
  for (const name of ["eth0", "eth1"]) {
    kernel.addHardware({ name, isPlugged: true, isUp: true });
    sysctls.addLink(name);
  }
  await kernel.start();
  const index = (name: string): number => kernel.snapshot.linkByName(name)?.index ?? -1;
  const makeApplier = () => new Applier({ rtnl: kernel, clock, log, sysctls });
  const applier = makeApplier();
  return {
    ...{ kernel, clock, sysctls, log, applier },
    eth0: index("eth0"),
    eth1: index("eth1"),
    restart: () => {
      applier.close();
      return makeApplier();
    },
    text: () => textOf(kernel),
  };
}

const notShown = /^link |^address .* dev lo( |$)|^rule .* proto kernel$/;

const textOf = (kernel: FakeKernel): string =>
  kernel
    .toText()
    .split("\n")
    .filter((line) => line.trim() !== "" && !notShown.test(line.trim()))
    .map((line) => line.trim())
    .sort()
    .join("\n");

export const ipv4 = (cidr: string, gateway?: string, more: Partial<IpFamilySettings> = {}): IpFamilySettings => {
  const [address = "", prefixLength] = cidr.split("/");
  const family = address.includes(":") ? 6 : 4;
  return {
    family,
    address,
    prefixLength: Number(prefixLength),
    ...(gateway === undefined ? {} : { gateway }),
    ...more,
  };
};

export const settingsOf = (part: Partial<IpSettings>): IpSettings => ({ ...emptyIpSettings, ...part });

/** `wish("10.0.0.2/24", "10.0.0.1")` */
export const wish = (cidr: string, gateway?: string, more: Partial<IpSettings> = {}): NetworkWish => {
  const own = ipv4(cidr, gateway);
  return { settings: mergeSettings({ link: settingsOf({ [`ipv${own.family}`]: own, ...more }) }) };
};

/** Classless routes come by DHCP alone. */
export const leaseWish = (cidr: string, gateway: string | undefined, more: Partial<IpSettings>): NetworkWish => ({
  settings: mergeSettings({ dhcp4: settingsOf({ ipv4: ipv4(cidr, gateway), ...more }) }),
});

/** Removes the indentation that a template literal has in the source. */
export const lines = (text: string): string =>
  text
    .trim()
    .split("\n")
    .map((line) => line.trim())
    .join("\n");

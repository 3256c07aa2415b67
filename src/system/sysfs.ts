/** What /sys tells of a link beyond rtnetlink: enough to decide its technology. */
import { existsSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isLinkName } from "../base/link-name.ts";
import { readBounded } from "./files.ts";

export interface LinkFacts {
  /** Without one nothing is known of the link. */
  readonly hasUeventFile: boolean;
  /** DEVTYPE of the uevent file: wlan, bridge, vlan, wwan, ... */
  readonly devtype?: string;
  /** Name of the driver behind `device`. */
  readonly driver?: string;
  /** ARPHRD_ number: 1 ethernet, 512 ppp, 772 loopback, 803 radiotap. */
  readonly hardwareType?: number;
  /** Subsystem of the device: pci, usb, virtio, sdio, platform, ... */
  readonly busType?: string;
  /** IFF_TUN (1), IFF_TAP (2) and others, for tun and tap links. */
  readonly tunFlags?: number;
  /** User who may open the tun or tap link; absent: nobody in particular. */
  readonly ownerUid?: number;
  /** Names of the links this one stands on. */
  readonly lowerLinks: readonly string[];
  /** Whether a device stands behind it: hardware, real or emulated. */
  readonly hasDevice: boolean;
  /** A serial port in the same USB device: the Ethernet of a modem. */
  readonly hasSiblingTty: boolean;
}

const maxAttributeBytes = 4096;
const lowerPrefix = "lower_";

/** Of a link that does not exist, or is just going: no uevent file, no device. Never throws. */
export function readLinkFacts(name: string, root = "/sys"): LinkFacts {
  const folder = linkFolder(name, root);
  // One listing instead of a dozen failed look-ups: with a thousand links those would cost more than all the rest.
  const present = new Set(listFolder(folder));
  const text = (attribute: string) => (present.has(attribute) ? readText(join(folder, attribute)) : undefined);
  const hasDevice = present.has("device");
  return {
    hasUeventFile: present.has("uevent"),
    hasDevice,
    lowerLinks: [...present]
      .filter((entry) => entry.startsWith(lowerPrefix))
      .map((entry) => entry.slice(lowerPrefix.length)),
    ...given("devtype", text("uevent")?.match(/^DEVTYPE=(.*)$/m)?.[1]),
    ...given("hardwareType", toNumber(text("type"))),
    ...given("tunFlags", toNumber(text("tun_flags"))),
    ...given("ownerUid", toUid(text("owner"))),
    ...(hasDevice ? deviceFacts(join(folder, "device")) : { hasSiblingTty: false }),
  };
}

/**
 * Megabits per second; undefined when the link has no carrier or does not say. A call of its own, because the kernel
 * asks the driver, under the lock that all changes of links need.
 */
export function readLinkSpeedMbps(name: string, root = "/sys"): number | undefined {
  const speed = toNumber(readText(join(linkFolder(name, root), "speed")));
  // -1 and 2^32 - 1 both mean unknown.
  return speed !== undefined && speed > 0 && speed < 0xffffffff ? speed : undefined;
}

function deviceFacts(device: string): Pick<LinkFacts, "driver" | "busType" | "hasSiblingTty"> {
  const busType = linkTarget(join(device, "subsystem"));
  return {
    ...given("driver", linkTarget(join(device, "driver"))),
    ...given("busType", busType),
    hasSiblingTty: busType === "usb" && hasSiblingTty(device),
  };
}

/** `device` is one USB interface; its siblings `1-2:1.0`, `1-2:1.1`, ... lie beside it in the folder of the USB device. */
function hasSiblingTty(device: string): boolean {
  try {
    const usbDevice = dirname(realpathSync(device));
    return listFolder(usbDevice)
      .filter((entry) => entry.startsWith(`${basename(usbDevice)}:`))
      .some((entry) => existsSync(join(usbDevice, entry, "tty")));
  } catch {
    return false; // unplugged meanwhile
  }
}

/** What is no name of a link could lead out of the folder; it then stands for a link that does not exist. */
const linkFolder = (name: string, root: string): string => join(root, "class/net", isLinkName(name) ? name : " ");

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
function readText(path: string): string | undefined {
  try {
    return readBounded(path, maxAttributeBytes).toString("utf8").trim();
  } catch {
    return undefined; // EINVAL where the driver has no answer
  }
}
function linkTarget(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}

/** Decimal, or hexadecimal with 0x. */
function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^(-?\d{1,15}|0x[\da-f]{1,8})$/i.test(text) ? Number(text) : undefined;
}
/** -1 stands for nobody. */
function toUid(text: string | undefined): number | undefined {
  const uid = toNumber(text);
  return uid !== undefined && uid >= 0 && uid < 0xffffffff ? uid : undefined;
}

/** Absent instead of undefined. */
const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });

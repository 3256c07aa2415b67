/** Facts of a link in /sys beyond rtnetlink: enough to decide its technology. */
import { existsSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isLinkName } from "../base/names.ts";
import { readBounded } from "./files.ts";

export interface LinkFacts {
  /** Without one nothing is known of the link. */
  readonly hasUeventFile: boolean;
  /** DEVTYPE of the uevent file: wlan, bridge, vlan, wwan, ... */
  readonly devtype?: string | undefined;
  /** Whether a device stands behind it: hardware, real or emulated. */
  readonly hasDevice: boolean;
  /** Name of the driver behind `device`. */
  readonly driver?: string | undefined;
  /** Subsystem of the device: pci, usb, virtio, sdio, platform, ... */
  readonly busType?: string | undefined;
  /** A serial port in the same USB device: the Ethernet of a modem. */
  readonly hasSiblingTty: boolean;
  /** ARPHRD_ number: 1 ethernet, 512 ppp, 772 loopback, 803 radiotap. */
  readonly hardwareType?: number | undefined;
  /** IFF_TUN (1), IFF_TAP (2) and others, for tun and tap links. */
  readonly tunFlags?: number | undefined;
  /** User who may open the tun or tap link; absent: no user in particular. */
  readonly ownerUid?: number | undefined;
  /** Names of the links this one stands on. */
  readonly lowerLinks: readonly string[];
}

const maxAttributeBytes = 4096;
const lowerPrefix = "lower_";

/**
 * Each fact is read at the moment it is asked for: with a thousand links at once most need one or two, and all of them
 * would cost more than everything else the daemon does for a link. Never throws; of a link that does not exist, or is
 * just going: no uevent file, no device, nothing.
 */
class SysfsLink implements LinkFacts {
  readonly #folder: string;

  constructor(name: string, root = "/sys") {
    this.#folder = linkFolder(name, root);
  }
  get hasUeventFile(): boolean {
    return existsSync(join(this.#folder, "uevent"));
  }
  get devtype(): string | undefined {
    return this.#text("uevent")?.match(/^DEVTYPE=(.+)$/m)?.[1];
  }
  get hasDevice(): boolean {
    return existsSync(join(this.#folder, "device"));
  }
  get driver(): string | undefined {
    return linkTarget(join(this.#folder, "device/driver"));
  }
  get busType(): string | undefined {
    return linkTarget(join(this.#folder, "device/subsystem"));
  }
  get hasSiblingTty(): boolean {
    return this.busType === "usb" && hasSiblingTty(join(this.#folder, "device"));
  }
  get hardwareType(): number | undefined {
    return toNumber(this.#text("type"));
  }
  get tunFlags(): number | undefined {
    return toNumber(this.#text("tun_flags"));
  }
  get ownerUid(): number | undefined {
    return toUid(this.#text("owner"));
  }
  get lowerLinks(): readonly string[] {
    const lower = listFolder(this.#folder).filter((entry) => entry.startsWith(lowerPrefix));
    return lower.map((entry) => entry.slice(lowerPrefix.length));
  }
  /** All facts as they are now, for the debug dump. */
  toJSON(): LinkFacts {
    const { hasUeventFile, devtype, hasDevice, driver, busType, hasSiblingTty } = this;
    const { hardwareType, tunFlags, ownerUid, lowerLinks } = this;
    const device = { hasDevice, driver, busType, hasSiblingTty };
    return { hasUeventFile, devtype, ...device, hardwareType, tunFlags, ownerUid, lowerLinks };
  }
  #text(attribute: string): string | undefined {
    return readText(join(this.#folder, attribute));
  }
}

export const readLinkFacts = (name: string, root?: string): LinkFacts => new SysfsLink(name, root);

/**
 * Megabits per second; undefined when the link has no carrier or does not say. A call of its own, because the kernel
 * asks the driver, under the lock that all changes of links need.
 */
export function readLinkSpeedMbps(name: string, root = "/sys"): number | undefined {
  const speed = toNumber(readText(join(linkFolder(name, root), "speed")));
  // -1 and 2^32 - 1 both mean unknown.
  return speed !== undefined && speed > 0 && speed < 0xffffffff ? speed : undefined;
}

/** Bytes that went through the link since it appeared; undefined when there is no such link. */
export function readLinkTraffic(name: string, root = "/sys"): { rxBytes: bigint; txBytes: bigint } | undefined {
  const [rxBytes, txBytes] = ["rx_bytes", "tx_bytes"].map((counter) =>
    readText(join(linkFolder(name, root), "statistics", counter)),
  );
  if (!isCounter(rxBytes) || !isCounter(txBytes)) return undefined;
  return { rxBytes: BigInt(rxBytes), txBytes: BigInt(txBytes) };
}
const isCounter = (text: string | undefined): text is string => text !== undefined && /^\d{1,20}$/.test(text);

/**
 * `device` is one USB interface; its siblings `1-2:1.0`, `1-2:1.1`, ... lie beside it in the folder of the USB device.
 */
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

/** A text that is no link's name could lead out of the folder; it then stands for a link that does not exist. */
const linkFolder = (name: string, root: string): string => join(root, "class/net", isLinkName(name) ? name : " ");

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
function readText(path: string): string | undefined {
  // Cheaper than an exception: most links have most attributes not.
  if (!existsSync(path)) return undefined;
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
/** -1 stands for no user. */
function toUid(text: string | undefined): number | undefined {
  const uid = toNumber(text);
  return uid !== undefined && uid >= 0 && uid < 0xffffffff ? uid : undefined;
}

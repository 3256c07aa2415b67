import type { Log } from "../../base/log.ts";
import type { Radio, RadioObserver, Supplicant } from "../supplicant.ts";
import type { NmLinks } from "./nm-links.ts";
import type { NodeWifi } from "./node-wifi.ts";
import { keeperName, NodeWifiRadio } from "./node-wifi-radio.ts";

export interface NodeWifiSupplicantPorts {
  readonly links: Pick<NmLinks, "known" | "of" | "follow" | "close">;
  readonly nodeWifi: NodeWifi & { close(): void };
  readonly log: Log;
}

/** {@link Supplicant} where NetworkManager has the radios (docs/decisions/node-wifi.md). */
export class NodeWifiSupplicant implements Supplicant {
  readonly #radios = new Set<NodeWifiRadio>();

  constructor(private readonly ports: NodeWifiSupplicantPorts) {}

  get isThere(): boolean {
    return [...this.#radios].some(({ isReady }) => isReady);
  }
  async keeperOf(): Promise<string> {
    await this.ports.links.known();
    return keeperName;
  }
  attach(linkName: string, observer: RadioObserver): Radio {
    const { links, nodeWifi, log } = this.ports;
    const radio: NodeWifiRadio = new NodeWifiRadio(linkName, observer, {
      links,
      nodeWifi,
      log,
      detached: () => void this.#radios.delete(radio),
    });
    this.#radios.add(radio);
    void links.known().then(() => radio.onLink());
    return radio;
  }
  close(): void {
    this.ports.links.close();
    this.ports.nodeWifi.close();
  }
}

/** Our client on a real link: packet sockets, UDP and clock of the kernel; addresses set with ip(8) by the test. */
import { readFileSync } from "node:fs";
import { silentLog } from "../../../src/base/log.ts";
import type { IpSettings } from "../../../src/network/ip-settings.ts";
import type { Dhcp4Config, LeaseKeeper } from "../../../src/network/protocols/dhcp4/config.ts";
import { dhcp4Handler } from "../../../src/network/protocols/dhcp4/handler.ts";
import { KernelUdp } from "../../../src/network/protocols/dhcp4/kernel-udp.ts";
import type { Dhcp4Session } from "../../../src/network/protocols/dhcp4/session.ts";
import { KernelPackets } from "../../../src/packet/kernel-packets.ts";
import { BootClock } from "../../../src/system/boot-clock.ts";
import { run, tryRun } from "../../harness/processes.ts";

export class RealClient {
  readonly clock = new BootClock();
  readonly handler = dhcp4Handler({ packets: new KernelPackets(), udp: new KernelUdp() });
  /** "settings 10.1.0.100", "lost nak". */
  readonly told: string[] = [];
  kept: string | undefined;
  settings: IpSettings | undefined;
  session: Dhcp4Session;

  constructor(
    readonly linkName: string,
    config: Dhcp4Config = {},
  ) {
    run("ip", ["link", "set", linkName, "up"]);
    this.session = this.attach(config);
  }

  attach(config: Dhcp4Config): Dhcp4Session {
    const leases: LeaseKeeper = {
      load: () => this.kept,
      save: (json) => {
        this.kept = json;
      },
      forget: () => {
        this.kept = undefined;
      },
    };
    this.session = this.handler.attach(
      linkOf(this.linkName),
      { leases, ...config },
      {
        clock: this.clock,
        log: silentLog,
        settingsChanged: (settings) => {
          this.#apply(settings);
          this.told.push(`settings ${settings.ipv4?.address}`);
        },
        lost: (reason) => {
          this.#flush();
          this.told.push(`lost ${reason}`);
        },
      },
    );
    return this.session;
  }
  async up(): Promise<IpSettings> {
    const settings = await this.session.setup(new AbortController().signal);
    this.#apply(settings);
    return settings;
  }
  get address(): string | undefined {
    return this.settings?.ipv4?.address;
  }
  get state(): unknown {
    return this.session.inspect().state;
  }
  async end(): Promise<void> {
    await this.session.teardown({ force: true });
    this.handler.close();
    this.clock.close();
    this.#flush();
  }

  #apply(settings: IpSettings): void {
    const { address, prefixLength } = settings.ipv4 ?? {};
    if (address !== this.address) this.#flush();
    this.settings = settings;
    run("ip", ["address", "replace", `${address}/${prefixLength}`, "dev", this.linkName]);
  }
  #flush(): void {
    this.settings = undefined;
    tryRun("ip", ["-4", "address", "flush", "dev", this.linkName]);
  }
}

function linkOf(name: string) {
  const read = (file: string) => readFileSync(`/sys/class/net/${name}/${file}`, "latin1").trim();
  return { index: Number(read("ifindex")), name, mac: read("address"), mtu: Number(read("mtu")) };
}

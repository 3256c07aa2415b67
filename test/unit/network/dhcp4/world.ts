/** One client, one server, one wire, one clock: the world of the tests in this folder. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { IpSettings } from "../../../../src/network/ip-settings.ts";
import type { Dhcp4Config, LeaseKeeper } from "../../../../src/network/protocols/dhcp4/config.ts";
import { dhcp4Handler } from "../../../../src/network/protocols/dhcp4/handler.ts";
import type { Dhcp4Session } from "../../../../src/network/protocols/dhcp4/session.ts";
import type { ProtocolLink, Standby } from "../../../../src/network/protocols/handler.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";
import { FakeDhcpServer, type FakeDhcpServerConfig } from "../../../fakes/fake-dhcp-server.ts";
import { FakePackets, FakeWire } from "../../../fakes/fake-packets.ts";
import { FakeUdp } from "../../../fakes/fake-udp.ts";
import { RecordingLog } from "../../../fakes/recording-log.ts";

export const clientMac = "02:00:00:00:00:aa";
export const link = { index: 7, name: "eth0", mac: clientMac, mtu: 1500 };

/** A keeper in memory. */
class FakeKeeper implements LeaseKeeper {
  text: string | undefined;
  saves = 0;
  expiresAtMs: number | undefined;
  load(): string | undefined {
    return this.text;
  }
  save(json: string, expiresAtMs: number): void {
    this.text = json;
    this.expiresAtMs = expiresAtMs;
    this.saves++;
  }
  forget(): void {
    this.text = undefined;
  }
}

export class World {
  readonly clock = new FakeClock();
  readonly wire = new FakeWire();
  readonly packets = new FakePackets();
  readonly udp = new FakeUdp(this.wire, clientMac);
  readonly keeper = new FakeKeeper();
  readonly server: FakeDhcpServer;
  /** Calls to the owner: "settings 10.1.0.100", "lost nak". */
  readonly told: string[] = [];
  /** Addresses that were told ahead of the settings. */
  readonly granted: string[] = [];
  readonly log = new RecordingLog();
  settings: IpSettings | undefined;
  /** Address and the other host's MAC address, as told. */
  readonly conflicts: string[] = [];
  /** Steps that a person can follow. */
  readonly steps: string[] = [];
  /** Of the host's other links, as they are now. */
  readonly hostMacs = new Set<string>();
  session: Dhcp4Session;
  readonly handler;
  readonly bootId = "0123-4567";
  /** The first number is drawn ahead of time. */
  #nextTransaction = 0;

  constructor(t: TestContext, config: Dhcp4Config = {}, server: Partial<FakeDhcpServerConfig> = {}) {
    this.packets.addLink(link.index, clientMac, this.wire);
    this.server = new FakeDhcpServer(this.wire, server);
    this.handler = dhcp4Handler({
      bootId: this.bootId,
      packets: this.packets,
      udp: this.udp,
      random: () => 0.5,
      transactionId: () => this.#nextTransaction++,
      isOwnMac: (mac) => this.hostMacs.has(mac),
    });
    this.session = this.attach(config);
    t.after(() => this.#assertNothingLeft());
  }

  /** A new session on the same link, as after a restart of the connection. */
  attach(config: Dhcp4Config, on: ProtocolLink = link): Dhcp4Session {
    this.session = this.handler.attach(
      on,
      { leases: this.keeper, ...config },
      {
        clock: this.clock,
        log: this.log,
        settingsChanged: (settings) => {
          this.settings = settings;
          this.told.push(`settings ${settings.ipv4?.address}`);
        },
        granted: (settings) => this.granted.push(`${settings.ipv4?.address}`),
        step: ({ text }) => this.steps.push(text),
        conflict: (address, otherMac) => this.conflicts.push(`${address} ${otherMac}`),
        lost: (reason) => this.told.push(`lost ${reason}`),
      },
    );
    return this.session;
  }
  /** Gets the first question ready, as on a link that has no carrier yet. */
  standBy(config: Dhcp4Config = {}): Standby {
    const ports = { clock: this.clock, log: this.log };
    const standby = this.handler.standBy(link, { leases: this.keeper, ...config }, ports);
    assert.ok(standby, "nothing to be ready for");
    return standby;
  }
  /** Begins a setup and notes how it ends. */
  setup(abort: AbortSignal = new AbortController().signal): void {
    this.session.setup(abort).then(
      (settings) => {
        this.settings = settings;
        this.told.push(`up ${settings.ipv4?.address}`);
      },
      (error) => this.told.push(`failed ${error.code}`),
    );
  }
  /** Sets up and plays until the address is there. */
  async up(): Promise<void> {
    this.setup();
    await this.clock.advanceSettled(0);
    assert.equal(this.told.at(-1)?.split(" ")[0], "up", `expected to be up, but: ${this.told}`);
  }
  /** Lets the given seconds pass. */
  async pass(seconds: number): Promise<void> {
    await this.clock.advanceSettled(seconds * 1000);
  }
  get state(): unknown {
    return this.session.inspect().state;
  }
  get oddities(): readonly string[] {
    return this.session.inspect().oddities as readonly string[];
  }
  get ignored(): unknown {
    return this.session.inspect().ignored;
  }

  async #assertNothingLeft(): Promise<void> {
    await this.session.teardown({ force: true });
    assert.deepEqual(this.clock.pendingTimers(), [], "timers left after teardown");
    assert.deepEqual([...this.udp.openAddresses], [], "UDP sockets left after teardown");
    this.handler.close();
    assert.equal(this.packets.openChannels, 0, "packet sockets left after close");
  }
}

/** A world whose keeper holds a lease of 10.1.0.100 for 1000 s that the server knows, and whose session is down. */
export async function worldWithLease(t: TestContext, config: Dhcp4Config = {}): Promise<World> {
  const world = new World(t, config, { leaseSeconds: 1000 });
  await world.up();
  await world.pass(1);
  await world.session.teardown({ force: true });
  world.server.received.length = 0;
  world.told.length = 0;
  world.granted.length = 0;
  return world;
}

/**
 * Output and actions of pppd(8) for a PPPoE session; run against the fake, and against pppd and pppoe-server in a
 * guest.
 */
import assert from "node:assert/strict";
import type { Clock } from "../../../src/base/clock.ts";
import { DaemonError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { IpSettings } from "../../../src/network/ip-settings.ts";
import { pppoeHandler } from "../../../src/network/protocols/ppp/handler.ts";
import { type PppoeConfig, pppdProgram } from "../../../src/network/protocols/ppp/pppd-options.ts";
import type { Rtnl } from "../../../src/rtnl/rtnl.ts";
import type { Processes } from "../../../src/system/processes.ts";

export interface PppdWorld {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly rtnl: Rtnl;
  readonly account: { readonly userName: string; readonly password: string };
  readonly concentrator: {
    readonly sessions: number;
    freeze(): void;
    thaw(): void;
    endSessions(): void;
  };
  /** The access concentrator is gone, or there again. */
  setThere(isThere: boolean): Promise<void>;
  /** Waits, in a bounded way, until it is so. */
  until(what: string, isSo: () => boolean): Promise<void>;
}
export type PppdCase = (world: PppdWorld) => Promise<void>;

/** One session on `eth0`, and the calls to its owner. */
function attach(world: PppdWorld, more: Partial<PppoeConfig> = {}) {
  const link = world.rtnl.snapshot.linkByName("eth0") ?? assert.fail("there is no eth0");
  const lost: string[] = [];
  const changed: IpSettings[] = [];
  const host = {
    clock: world.clock,
    log: silentLog,
    settingsChanged: (settings: IpSettings) => void changed.push(settings),
    lost: (reason: string) => void lost.push(reason),
  };
  const config: PppoeConfig = {
    ...world.account,
    keepalive: { failures: 2, intervalSeconds: 1 },
    wantsDefaultRoute: true,
    wantsNameServers: true,
    ...more,
  };
  const { index, name, mtu, mac = "" } = link;
  return {
    lost,
    changed,
    session: pppoeHandler({ ...world, program: pppdProgram }).attach({ index, name, mtu, mac }, config, host),
  };
}

async function setUp(world: PppdWorld, more: Partial<PppoeConfig> = {}) {
  const attached = attach(world, more);
  let first: IpSettings | undefined;
  const setup = attached.session.setup(new AbortController().signal).then((settings) => {
    first = settings;
  });
  await world.until("the session is up", () => first !== undefined);
  await setup;
  const settings = () => attached.changed.at(-1) ?? (first as IpSettings);
  return { ...attached, settings };
}
/** The setup is in vain; resolves to why. */
async function refused(world: PppdWorld, more: Partial<PppoeConfig> = {}) {
  const { session } = attach(world, more);
  let error: unknown;
  session.setup(new AbortController().signal).catch((why: unknown) => {
    error = why;
  });
  await world.until("the setup ends", () => error !== undefined);
  await gone(world);
  return error instanceof DaemonError ? error.context.reason : error;
}
const pppLinks = ({ rtnl }: PppdWorld) => [...rtnl.snapshot.links.values()].filter(({ name }) => /^ppp\d/.test(name));
const gone = (world: PppdWorld) => world.until("its link is gone", () => pppLinks(world).length === 0);

export const pppdCases: Readonly<Record<string, PppdCase>> = {
  "a session is a link of its own with an address, its other end, and name servers": async (world) => {
    const { session, settings, lost } = await setUp(world);
    await world.until("both name servers are told", () => settings().nameServers.length === 2);
    const [link] = pppLinks(world);
    assert.deepEqual(settings().nameServers, ["10.64.0.53", "10.64.0.54"]);
    assert.equal(settings().layer3Link, link?.index);
    const [address] = world.rtnl.snapshot.addresses(link?.index ?? 0).filter(({ family }) => family === 4);
    assert.deepEqual([address?.peer, address?.prefixLength], ["10.64.0.1", 32]);
    const { ipv4 } = settings();
    assert.deepEqual([ipv4?.address, ipv4?.isAllOnLink, ipv4?.isKernels], [address?.address, true, true]);
    assert.deepEqual([link?.mtu, link?.hardwareType, link?.isUp], [1492, 512, true]);
    assert.equal(
      world.rtnl.snapshot.routes({ link: link?.index ?? 0 }).some(({ destination }) => /\/0$/.test(destination)),
      false,
    );
    await session.teardown({ force: false });
    await gone(world);
    await world.until("the other end has heard the farewell", () => world.concentrator.sessions === 0);
    assert.deepEqual(lost, []);
  },
  "neither name servers nor a way out are told where none are wanted": async (world) => {
    const { session, settings } = await setUp(world, { wantsDefaultRoute: false, wantsNameServers: false });
    assert.deepEqual([settings().nameServers, settings().ipv4?.isAllOnLink], [[], undefined]);
    await session.teardown({ force: true });
    await gone(world);
  },
  "an MTU of the configuration is that of the link, and no larger than the one below allows": async (world) => {
    for (const [mtu, got] of [
      [1400, 1400],
      [9000, 1492],
    ] as const) {
      const { session, settings } = await setUp(world, { mtu });
      assert.equal(world.rtnl.snapshot.links.get(settings().layer3Link ?? 0)?.mtu, got);
      await session.teardown({ force: true });
      await gone(world);
    }
  },
  "a wrong password is told from all other failures": async (world) => {
    assert.equal(await refused(world, { password: "wrong" }), "authentication-refused");
  },
  "no concentrator, and none that offers the service, are told as that": async (world) => {
    assert.equal(await refused(world, { serviceName: "platinum" }), "no-concentrator");
    await world.setThere(false);
    assert.equal(await refused(world), "no-concentrator");
    await world.setThere(true);
    const { session } = await setUp(world, { serviceName: "gold" });
    await session.teardown({ force: true });
    await gone(world);
  },
  "an other end that falls silent ends the session by its echo, and not before": async (world) => {
    const { lost, session } = await setUp(world);
    world.concentrator.freeze();
    await world.until("the silence is told", () => lost.length > 0);
    assert.deepEqual(lost, ["the access concentrator does not answer LCP echo requests any more"]);
    await gone(world);
    world.concentrator.thaw();
    await session.teardown({ force: true });
  },
  "an other end that says farewell is told as that": async (world) => {
    const { lost, session } = await setUp(world);
    world.concentrator.endSessions();
    await world.until("the farewell is told", () => lost.length > 0);
    assert.deepEqual(lost, ["the access concentrator has ended the session"]);
    await gone(world);
    await session.teardown({ force: true });
  },
  "a setup that is given up leaves no program and no link": async (world) => {
    const { session } = attach(world);
    const abort = new AbortController();
    const setup = session.setup(abort.signal);
    abort.abort();
    const ended = session.teardown({ force: true });
    await assert.rejects(setup, { code: "OperationAborted" });
    let isDown = false;
    void ended.then(() => {
      isDown = true;
    });
    await world.until("the teardown ends", () => isDown);
    assert.deepEqual(world.processes.list(), []);
    await gone(world);
  },
};

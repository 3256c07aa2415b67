import assert from "node:assert/strict";
import { test } from "node:test";
import { Quiet } from "../../../src/base/quiet.ts";
import type { NetworkOptions } from "../../../src/network/network-ports.ts";
import type { ProtocolHandler, ProtocolLink } from "../../../src/network/protocols/handler.ts";
import { ProtocolRegistry } from "../../../src/network/protocols/registry.ts";
import { Standbys } from "../../../src/network/standbys.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";

const link: ProtocolLink = { index: 7, name: "eth0", mac: "02:00:00:00:00:01", mtu: 1500 };
const config = {};
const dhcp = { source: "dhcp4", config } as const;

/** `told` has the events of the standbys: "eth0 ready", "eth0 begins", "eth0 ends". */
function makeWorld() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const quiet = new Quiet(clock, log);
  const told: string[] = [];
  const protocols = new ProtocolRegistry();
  const attach = () => assert.fail("nobody attaches here");
  const handler: ProtocolHandler<unknown> = {
    ...{ name: "dhcp4", attach },
    standBy: (on, wanted) => {
      told.push(`${on.name} ready`);
      let hasBegun = false;
      return {
        isFor: (other, otherConfig) => other.mac === on.mac && otherConfig === wanted,
        begin: () => {
          told.push(`${on.name} begins`);
          const isFirst = !hasBegun;
          hasBegun = true;
          return isFirst;
        },
        end: () => told.push(`${on.name} ends`),
      };
    },
  };
  protocols.register(handler);
  protocols.register({ name: "slaac", attach });
  protocols.register({
    ...{ name: "broken", attach },
    standBy: () => {
      throw new Error("ENODEV: no such device");
    },
  });
  let plug: (index: number) => void = () => {};
  const rtnl = {
    onCarrier: (hear: (index: number) => void) => {
      plug = hear;
      return () => {};
    },
  };
  const standbys = new Standbys({ clock, log, quiet, protocols, rtnl });
  const prepare = (options: Partial<NetworkOptions>) => {
    standbys.prepare({ link, ...options });
    return told.splice(0);
  };
  return { clock, log, quiet, told, standbys, prepare, plug: (index: number) => plug(index) };
}

test("a plan that begins with a protocol that asks is prepared, once", () => {
  const { prepare } = makeWorld();
  const slaac = { source: "slaac", config } as const;
  assert.deepEqual(prepare({ protocols: [dhcp, slaac], static: { nameServers: ["10.0.0.53"] } as never }), [
    "eth0 ready",
  ]);
  assert.deepEqual(prepare({ protocols: [dhcp, slaac] }), [], "the same again");
  assert.deepEqual(prepare({ protocols: [{ ...dhcp, config: {} }] }), ["eth0 ends", "eth0 ready"]);
  assert.deepEqual(prepare({ link: { ...link, mac: "02:00:00:00:00:02" }, protocols: [dhcp] }), [
    "eth0 ends",
    "eth0 ready",
  ]);
});

const unprepared: Readonly<Record<string, Partial<NetworkOptions>>> = {
  "a fixed address": { protocols: [dhcp], static: { address: "10.0.0.2", prefixLength: 24 } as never },
  "addressing that is known from the start": { protocols: [dhcp], given: {} },
  "no protocol": { protocols: [] },
  "a protocol that asks nothing first": { protocols: [{ source: "slaac", config: {} }] },
  "a handler that there is not": { protocols: [{ source: "handler", handler: "ppp", config: {} }] },
  "a handler that fails": { protocols: [{ source: "handler", handler: "broken", config: {} }] },
};
for (const [what, options] of Object.entries(unprepared)) {
  test(`with ${what} nothing is prepared, and what was is ended`, () => {
    const { prepare, plug, told, quiet } = makeWorld();
    prepare({ protocols: [dhcp] });
    assert.deepEqual(prepare(options), ["eth0 ends"]);
    plug(7);
    assert.deepEqual([told, quiet.isOn], [[], false]);
  });
}

test("why a handler could not be made ready is logged", () => {
  const { prepare, log } = makeWorld();
  prepare({ protocols: [{ source: "handler", handler: "broken", config }] });
  assert.match(log.messages("debug").join(), /eth0: .*ENODEV/);
});

test("the carrier of a link begins its own standby, and the quiet; a second time begins no quiet", () => {
  const { prepare, plug, told, quiet } = makeWorld();
  prepare({ protocols: [dhcp] });
  prepare({ link: { ...link, index: 8, name: "eth1" }, protocols: [dhcp] });
  plug(8);
  assert.deepEqual([told.splice(0), quiet.isOn], [["eth1 begins"], true]);
  quiet.end();
  plug(8);
  assert.equal(quiet.isOn, false);
  plug(9);
  assert.deepEqual(told, ["eth1 begins"]);
});

test("after a cancel, also a second one, the carrier begins nothing", () => {
  const { prepare, plug, told, standbys, quiet } = makeWorld();
  prepare({ protocols: [dhcp] });
  standbys.cancel(7);
  standbys.cancel(7);
  plug(7);
  assert.deepEqual([told, quiet.isOn], [["eth0 ends"], false]);
});

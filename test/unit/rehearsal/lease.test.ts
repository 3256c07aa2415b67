import assert from "node:assert/strict";
import { test } from "node:test";
import { dhcp4Handler } from "../../../src/network/protocols/dhcp4/handler.ts";
import type { Dhcp4Ports } from "../../../src/network/protocols/dhcp4/ports.ts";
import type { ProtocolStep } from "../../../src/network/protocols/handler.ts";
import { rehearseLease } from "../../../src/rehearsal/lease.ts";
import { World } from "../network/dhcp4/world.ts";

test("a rehearsal plays a first lease, a known one, and one whose gateway answers first, to their ends", () => {
  const ends: string[] = [];
  const told: string[] = [];
  rehearseLease((ports: Dhcp4Ports) => {
    const handler = dhcp4Handler(ports);
    return {
      name: "dhcp4",
      standBy: handler.standBy,
      attach: (link, config, host) => {
        const step = ({ text }: ProtocolStep) => void told.push(text);
        const session = handler.attach(link, config, { ...host, step });
        return {
          setup: (abort) => session.setup(abort),
          teardown: (how) => {
            ends.push(String(session.inspect().state));
            return session.teardown(how);
          },
        };
      },
    };
  });
  assert.deepEqual(ends, ["bound", "bound", "bound"]);
  assert.equal(told.filter((text) => text.includes("its gateway 192.0.2.1 answers")).length, 1, told.join("\n"));
});

test("a rehearsal leaves no trace on the real ports", async (t) => {
  const world = new World(t);
  rehearseLease();
  assert.deepEqual(
    [world.wire.frames.length, world.packets.openChannels, world.clock.pendingTimers().length],
    [0, 0, 0],
  );
  await world.up();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { dhcp4Handler } from "../../../src/network/protocols/dhcp4/handler.ts";
import type { Dhcp4Ports } from "../../../src/network/protocols/dhcp4/ports.ts";
import { rehearseLease } from "../../../src/rehearsal/lease.ts";
import { World } from "../network/dhcp4/world.ts";

test("a rehearsal plays a first lease and a known one to their ends", () => {
  const ends: string[] = [];
  rehearseLease((ports: Dhcp4Ports) => {
    const handler = dhcp4Handler(ports);
    return {
      name: "dhcp4",
      standBy: handler.standBy,
      attach: (link, config, host) => {
        const session = handler.attach(link, config, host);
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
  assert.deepEqual(ends, ["bound", "bound"]);
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

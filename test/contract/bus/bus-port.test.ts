import assert from "node:assert/strict";
import { FakeBus, type FakeBusPort } from "../../fakes/fake-bus.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { type BusWorld, busPortCases } from "./bus-port-cases.ts";
import { remoteObjectsCases } from "./remote-objects-cases.ts";

const makeWorld = async (): Promise<BusWorld> => {
  const clock = new FakeClock();
  const bus = new FakeBus(clock);
  const ports: FakeBusPort[] = [];
  // Time passes whenever the test waits for a reply, as in the real world.
  const ticking = setInterval(() => clock.advance(10), 1);
  return {
    connect: async () => {
      const port = bus.port(process.getuid?.());
      ports.push(port);
      await port.connect();
      return port;
    },
    stop: async () => bus.stop(),
    start: () => bus.start(),
    until: async (what, isSo) => {
      await clock.settle();
      assert.ok(isSo(), what);
    },
    close: async () => {
      clearInterval(ticking);
      for (const port of ports) await port.close();
      assert.deepEqual(clock.pendingTimers(), []);
    },
  };
};

busPortCases("fake bus", makeWorld);
remoteObjectsCases("fake bus", makeWorld);

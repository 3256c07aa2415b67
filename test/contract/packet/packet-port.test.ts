import { FakePackets, FakeWire, type Frame } from "../../fakes/fake-packets.ts";
import { packetPortCases } from "./packet-port-cases.ts";
import type { PacketWorld } from "./packet-world.ts";

const linkIndex = 3;
const mac = "02:00:00:00:00:01";
const stationMac = "02:00:00:00:00:02";

async function makeWorld(): Promise<PacketWorld> {
  const wire = new FakeWire();
  const port = new FakePackets();
  const received: Frame[] = [];
  port.addLink(linkIndex, mac, wire);
  const station = wire.station(stationMac, (frame) => received.push(frame));
  return {
    port,
    linkIndex,
    mac,
    stationMac,
    stationSend: (destination, type, payload) => station.send(destination, type, payload),
    stationReceived: () => received,
    setLinkUp: async (isUp) => port.setLinkUp(linkIndex, isUp),
    close: () => port.removeLink(linkIndex),
  };
}

packetPortCases("fake", makeWorld);

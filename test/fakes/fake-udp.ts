/** UDP port 68 in memory, on a {@link FakeWire}. */
import { buildDatagram } from "../../src/network/protocols/dhcp4/datagram.ts";
import type { UdpChannel, UdpPort } from "../../src/network/protocols/dhcp4/udp-port.ts";
import type { FakeWire } from "./fake-packets.ts";

export class FakeUdp implements UdpPort {
  /** Local addresses of the open sockets, for leak checks. */
  readonly openAddresses = new Set<string>();
  /** Thrown by the next opens, as when the port is taken. */
  failure: Error | undefined;
  /** The kernel has no route: nothing can be sent. */
  hasRoute = true;

  constructor(
    private readonly wire: FakeWire,
    private readonly mac: string,
  ) {}

  open(_linkName: string, localAddress: string, onPayload: (payload: Buffer) => void): UdpChannel {
    if (this.failure) throw this.failure;
    const end = this.wire.join(({ type, payload }) => {
      const isOurs = type === "ipv4" && payload.readUInt16BE(22) === 68;
      if (isOurs && [...payload.subarray(16, 20)].join(".") === localAddress) onPayload(payload.subarray(28));
    });
    this.openAddresses.add(localAddress);
    return {
      send: (destination, payload) => {
        if (!this.hasRoute) return false;
        const frame = { sourceMac: this.mac, destinationMac: "02:ff:ff:ff:ff:ff", isChecksumReady: true };
        end.put({ ...frame, type: "ipv4", payload: buildDatagram(localAddress, destination, payload) });
        return true;
      },
      close: () => {
        end.leave();
        this.openAddresses.delete(localAddress);
      },
    };
  }
}

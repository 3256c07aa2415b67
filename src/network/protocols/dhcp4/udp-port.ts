/** Port to the UDP socket on which a lease in use is renewed; `kernel-udp.ts` is the real one. */

export interface UdpChannel {
  /** To port 67 of that host, by the kernel's routes of this link. Never throws; returns whether the kernel took it. */
  send(destination: string, payload: Uint8Array): boolean;
  /** Twice is fine. Nothing is received afterwards. */
  close(): void;
}

export interface UdpPort {
  /**
   * Binds port 68 of `localAddress`, on that link only. As long as it is open the kernel sends no "port unreachable"
   * for the server's answers. Throws SystemError, e.g. EADDRNOTAVAIL when the link does not have the address,
   * EADDRINUSE when another client holds the port.
   */
  open(linkName: string, localAddress: string, onPayload: (payload: Buffer) => void): UdpChannel;
}

/**
 * Encodes and reads back, in memory, what an address brings with it. The first run of such code costs a millisecond and
 * more, which would fall between a lease and its address.
 */
import { EventApplier } from "../rtnl/event-applier.ts";
import { encodeRequest } from "../rtnl/request-messages.ts";
import type { AddressRequest, KernelRequest, Route, Rule } from "../rtnl/rtnl.ts";
import { World } from "../rtnl/snapshot.ts";
import { eachMessage } from "../rtnl/wire.ts";

// Addresses of the documentation's networks (RFC 5737); nothing of this is sent.
const address: AddressRequest = {
  link: 1,
  family: 4,
  address: "192.0.2.2",
  prefixLength: 24,
  broadcast: "192.0.2.255",
  protocol: 1,
  validSeconds: 60,
};
const route: Route = {
  family: 4,
  table: 1001,
  destination: "0.0.0.0/0",
  gateway: "192.0.2.1",
  link: 1,
  metric: 1,
  preferredSource: "192.0.2.2",
  protocol: 1,
  scope: 0,
  type: "unicast",
  mtu: 1400,
};
const rule: Rule = { family: 4, priority: 1, action: "lookup", table: 1001, source: "192.0.2.2/32", protocol: 1 };

const requests: readonly KernelRequest[] = [
  { op: "set-link", link: 1, change: { isUp: true } },
  { op: "put-address", address },
  { op: "put-route", route },
  { op: "add-rule", rule },
  { op: "delete-rule", rule },
  { op: "delete-route", route },
  { op: "delete-address", address },
];

/** About two milliseconds at first. Touches nothing outside. */
export function rehearseKernelMessages(): void {
  const applier = new EventApplier(new World());
  for (const request of requests) {
    const message = encodeRequest(request);
    // The kernel tells of an object in the same words in which it is asked for one.
    if (Buffer.isBuffer(message)) eachMessage(message, (header) => applier.apply(header, message));
  }
  applier.takeDoubts();
}

/**
 * Plays in memory, with the kernel's part, the way from the settings of a lease to an address: the decision about it,
 * and the messages encoded and read back. First runs of this code cost a millisecond and more, which would fall between
 * a lease and its address.
 */
import { silentLog } from "../base/log.ts";
import { emptyIpSettings } from "../network/ip-settings.ts";
import { difference } from "../network/kernel/apply.ts";
import { Losses } from "../network/kernel/losses.ts";
import { KernelNotes } from "../network/kernel/notes.ts";
import { kernelWish } from "../network/kernel/wish.ts";
import { mergeSettings } from "../network/merge.ts";
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

const settings = mergeSettings({
  dhcp4: { ...emptyIpSettings, ipv4: { family: 4, address: "192.0.2.2", prefixLength: 24, gateway: "192.0.2.1" } },
});

/** About three milliseconds at first. Touches nothing outside. */
export function rehearseAddress(): void {
  rehearseDecision();
  rehearseMessages();
}

function rehearseDecision(): void {
  const link = 1;
  const links = new Set([link]);
  const scope = { links, wishedLinks: links, isSharedIncluded: false };
  const wish = kernelWish([{ link, rank: 0, settings }], links);
  const wanted = difference(wish, new World(), new KernelNotes().memory(0), scope);
  new Losses(silentLog).withinBudget(wanted, 0);
}

function rehearseMessages(): void {
  const applier = new EventApplier(new World());
  for (const request of requests) {
    const message = encodeRequest(request);
    // The kernel tells of an object in the same words in which it is asked for one.
    if (Buffer.isBuffer(message)) eachMessage(message, (header) => applier.apply(header, message));
  }
  applier.takeDoubts();
}

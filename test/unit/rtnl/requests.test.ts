import assert from "node:assert/strict";
import { test } from "node:test";
import { type Message, parseMessage } from "netlink/dist/rt/structs.js";
import { parseMessage as parseFrame } from "netlink/dist/structs.js";
import { encodeRequest, refusal } from "../../../src/rtnl/request-messages.ts";
import { decodeRoute } from "../../../src/rtnl/route-messages.ts";
import { KernelError, type KernelRequest, type Route, type Rule } from "../../../src/rtnl/rtnl.ts";

// Requests are read back by the parsers of the netlink package, which know nothing of ours.
function sent(request: KernelRequest): { type: number; flags: number; message: Message } {
  const encoded = encodeRequest(request);
  assert.ok(Buffer.isBuffer(encoded), String(encoded));
  const { x: frame } = parseFrame(encoded);
  return { type: frame.type, flags: frame.flags, message: parseMessage(frame.type, frame.data as Buffer) };
}
function refused(request: KernelRequest): KernelError {
  const encoded = encodeRequest(request);
  assert.ok(encoded instanceof KernelError, "it was encoded");
  assert.equal(encoded.code, "EINVAL");
  return encoded;
}

const requestAndAck = 0x5;
const create = 0x400;
const replace = 0x100;
const exclusive = 0x200;

const route: Route = {
  family: 4,
  table: 1003,
  destination: "10.9.0.0/16",
  gateway: "10.0.0.1",
  link: 3,
  metric: 100,
  preferredSource: "10.0.0.2",
  protocol: 87,
  scope: 0,
  type: "unicast",
  isOnLink: true,
  mtu: 1400,
};
const rule: Rule = { family: 4, priority: 500, action: "lookup", table: 1003, source: "10.0.0.0/8", protocol: 87 };

test("changes of a link name the link by its index and touch only what is asked for", () => {
  const { type, flags, message } = sent({ op: "set-link", link: 7, change: { isUp: false } });
  assert.equal(type, 19);
  assert.equal(flags, requestAndAck);
  assert.ok(message.kind === "link");
  assert.equal(message.data.index, 7);
  assert.deepEqual(message.data.flags, {});
  assert.deepEqual(message.data.change, { up: true });
  assert.deepEqual(message.attrs, {});
});

test("every change of a link has its attribute", () => {
  const change = { isUp: true, mtu: 1400, mac: "02:00:00:00:00:01", name: "uplink", txQueueLength: 5, master: 4 };
  const { message } = sent({ op: "set-link", link: 7, change: { ...change, namespaceOfPid: 42 } });
  assert.ok(message.kind === "link");
  assert.deepEqual(message.data.flags, { up: true });
  assert.deepEqual(message.attrs, {
    address: Buffer.from([2, 0, 0, 0, 0, 1]),
    mtu: 1400,
    ifname: "uplink",
    master: 4,
    txqlen: 5,
    netNsPid: 42,
  });
});

test("a new link must not be there yet, and says its kind", () => {
  const { type, flags, message } = sent({ op: "add-link", link: { kind: "bridge", name: "bridge0" } });
  assert.equal(type, 16);
  assert.equal(flags, requestAndAck | create | exclusive);
  assert.ok(message.kind === "link");
  assert.equal(message.attrs.ifname, "bridge0");
  assert.equal(message.attrs.linkinfo?.toString("latin1"), "\x0b\0\x01\0bridge\0\0");
});

test("a route carries everything, and large tables in the attribute alone", () => {
  const { type, flags, message } = sent({ op: "put-route", route });
  assert.equal(type, 24);
  assert.equal(flags, requestAndAck | create | replace);
  assert.ok(message.kind === "route");
  assert.equal(message.data.table ?? 0, 0);
  assert.equal(message.data.dstLen, 16);
  assert.equal(message.data.protocol, 87);
  assert.equal(message.attrs.table, 1003);
  assert.deepEqual([...(message.attrs.dst ?? [])], [10, 9, 0, 0]);
  assert.deepEqual([...(message.attrs.gateway ?? [])], [10, 0, 0, 1]);
  assert.deepEqual([...(message.attrs.prefsrc ?? [])], [10, 0, 0, 2]);
  assert.equal(message.attrs.priority, 100);
  assert.equal(message.attrs.oif, 3);
});

test("a removed route may be of any scope", () => {
  const { message } = sent({ op: "delete-route", route });
  assert.ok(message.kind === "route");
  assert.equal(message.data.scope, "NOWHERE");
});

test("an IPv4 route may lead over an IPv6 gateway", () => {
  const encoded = encodeRequest({ op: "put-route", route: { ...route, gateway: "fe80::1" } });
  assert.ok(Buffer.isBuffer(encoded));
  // The package's own parser of RTA_VIA takes four bytes only; ours has been held against real messages.
  assert.equal(decodeRoute(encoded, 16, encoded.length)?.route.gateway, "fe80::1");
});

test("an address carries lifetimes only if it has an end", () => {
  const address = { link: 3, family: 4, address: "10.0.0.2", prefixLength: 24 } as const;
  const plain = sent({ op: "put-address", address }).message;
  assert.ok(plain.kind === "address");
  assert.equal(plain.attrs.cacheInfo, undefined);
  const timed = sent({ op: "put-address", address: { ...address, validSeconds: 60 } }).message;
  assert.ok(timed.kind === "address");
  assert.equal(timed.attrs.cacheInfo?.ifaValid, 60);
  assert.equal(timed.attrs.cacheInfo?.ifaPrefered, 60);
});

test("a rule for everything has no blocks", () => {
  const { flags, message } = sent({ op: "add-rule", rule: { ...rule, source: "0.0.0.0/0" } });
  assert.equal(flags, requestAndAck | create | exclusive);
  assert.ok(message.kind === "rule");
  assert.equal(message.data.srcLen ?? 0, 0);
  assert.equal(message.attrs.src, undefined);
  assert.equal(message.attrs.table, 1003);
});

test("every number out of its range is refused, none is cut to size", () => {
  for (const mtu of [-1, 1.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY]) {
    refused({ op: "set-link", link: 3, change: { mtu } });
  }
  refused({ op: "put-route", route: { ...route, table: 2 ** 32 } });
  refused({ op: "put-route", route: { ...route, protocol: 256 } });
  refused({ op: "put-route", route: { ...route, metric: -1 } });
  refused({ op: "add-rule", rule: { ...rule, mark: 2 ** 33 } });
  refused({ op: "add-link", link: { kind: "vlan", name: "v", lowerLink: 3, vlanId: 4095 } });
});

test("text that is no address or block of the family is refused by name", () => {
  assert.match(refused({ op: "put-route", route: { ...route, gateway: "10.0.0" } }).message, /"10\.0\.0" is not an IP/);
  refused({ op: "put-route", route: { ...route, destination: "10.0.0.0/08" } });
  refused({ op: "put-route", route: { ...route, destination: "10.0.0.0/-1" } });
  refused({ op: "put-route", route: { ...route, preferredSource: "fe80::1%eth0" } });
  refused({ op: "add-rule", rule: { ...rule, source: "2001:db8::/32" } });
  refused({ op: "set-link", link: 3, change: { mac: "02:00:00:00:00" } });
});

test("a request that is not ours to make is refused", () => {
  refused({ op: "put-route", route: { ...route, type: "local" } });
  refused({ op: "add-rule", rule: { ...rule, isInverted: true } });
  refused({ op: "delete-rule", rule: { ...rule, hasOtherConditions: true } });
  refused({ op: "add-rule", rule: { ...rule, action: "other" } });
});

test("a refusal names request, error, text and attribute", () => {
  const request: KernelRequest = { op: "put-route", route };
  const bytes = encodeRequest(request);
  assert.ok(Buffer.isBuffer(bytes));
  // The first attribute after header (16) and rtmsg (12) is the destination.
  const error = refusal(request, { errno: 22, detail: "Some text", offset: 28 }, bytes);
  assert.equal(
    error?.message,
    "put-route unicast 10.9.0.0/16 via 10.0.0.1 link 3 table 1003 metric 100: EINVAL (Some text) at RTA_DST",
  );
  assert.equal(refusal(request, { errno: 22, offset: 100_000 }, bytes)?.attribute, undefined);
  assert.equal(refusal(request, { errno: 22, missingType: 5 }, bytes)?.attribute, "RTA_GATEWAY");
  assert.equal(refusal(request, { errno: 0 }, bytes), undefined);
  assert.equal(refusal(request, { errno: 4000 }, bytes)?.code, "E4000");
});

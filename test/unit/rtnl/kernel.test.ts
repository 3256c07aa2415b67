import assert from "node:assert/strict";
import { endianness } from "node:os";
import { test } from "node:test";
import { KernelRtnl } from "../../../src/rtnl/kernel.ts";
import { type Delta, KernelError } from "../../../src/rtnl/rtnl.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import {
  acknowledgement,
  addressMessage,
  endOfDump,
  linkMessage,
  netlinkMessage,
  routeMessage,
  ScriptedKernel,
  systemError,
} from "./scripted-netlink.ts";

assert.equal(endianness(), "LE", "the scripted kernel speaks little-endian");

const getLink = 18;
const getRoute = 26;
const interrupted = 0x10;
const overrun = () => systemError("ENOBUFS", 105);
const setMtu = { op: "set-link", link: 2, change: { mtu: 1400 } } as const;

/** A started port on a kernel with `lo` and `eth0`. */
async function world() {
  const kernel = new ScriptedKernel();
  const links = [linkMessage(1, "lo"), linkMessage(2, "eth0")];
  kernel.dumps.set(getLink, (sequence) => [...links.map((link) => renumbered(link, sequence)), endOfDump(sequence)]);
  const clock = new FakeClock();
  const log = new RecordingLog();
  const rtnl = new KernelRtnl({ clock, log, native: kernel });
  await rtnl.start();
  const heard: Delta[] = [];
  rtnl.onDelta((delta) => heard.push(delta));
  const names = () => [...rtnl.snapshot.links.values()].map(({ name }) => name);
  const told = () => heard.splice(0).map(({ kind, reason }) => `${kind} (${reason})`);
  const putRoute = (...messages: Buffer[]) => {
    for (const message of messages) kernel.events.add(message);
    kernel.events.poll();
  };
  return { kernel, links, clock, log, rtnl, names, told, events: kernel.events, putRoute };
}

function renumbered(message: Buffer, sequence: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt32LE(sequence, 8);
  return copy;
}
const dumpOf = (kernel: ScriptedKernel, type: number, ...records: Buffer[]) =>
  kernel.dumps.set(type, (sequence) => [...records.map((one) => renumbered(one, sequence)), endOfDump(sequence)]);

test("start reads every table once and then hears events", async () => {
  const { kernel, names, told, events } = await world();
  assert.deepEqual(names(), ["lo", "eth0"]);
  // Links, addresses, five types of routes and rules, the last three for both families.
  assert.equal(kernel.asked.length, 15);
  events.add(linkMessage(3, "eth1"));
  events.poll();
  assert.deepEqual(told(), ["link-added (event)"]);
});

test("events queued behind the first one are heard in the same turn", async () => {
  const { events, names, told } = await world();
  const first = linkMessage(3, "eth1");
  events.add(linkMessage(4, "eth2"));
  events.add(linkMessage(5, "eth3"));
  events.events?.onMessage({
    data: first,
    address: Buffer.from([16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    isTruncated: false,
  });
  assert.equal(names().length, 5);
  assert.equal(told().length, 3);
});

test("an event that did not come from the kernel is counted and not believed", async () => {
  const { events, names, rtnl } = await world();
  events.add(linkMessage(3, "evil0"), 4711);
  events.poll();
  assert.deepEqual(names(), ["lo", "eth0"]);
  assert.equal(rtnl.counters.spoofed, 1);
});

test("an answer that did not come from the kernel is counted and not believed", async () => {
  const { kernel, rtnl } = await world();
  kernel.answer = (header) => {
    kernel.requests.add(acknowledgement(header.sequence, 1), 4711);
    return [acknowledgement(header.sequence)];
  };
  await rtnl.request(setMtu);
  assert.equal(rtnl.counters.spoofed, 1);
});

test("a message that cannot be read is counted and costs no other", async () => {
  const { events, names, rtnl, log } = await world();
  events.add(netlinkMessage(16, 0, 0, Buffer.from([0, 0])));
  events.add(Buffer.from([1, 2, 3]));
  events.add(linkMessage(3, "eth1"));
  events.poll();
  assert.deepEqual(names(), ["lo", "eth0", "eth1"]);
  assert.equal(rtnl.counters.malformed, 2);
  assert.equal(log.messages("warn").length, 2);
});

test("a record that cannot be read costs a dump no other record", async () => {
  const kernel = new ScriptedKernel();
  dumpOf(kernel, getLink, netlinkMessage(16, 2, 0, Buffer.from([0])), linkMessage(2, "eth0"));
  const rtnl = new KernelRtnl({ clock: new FakeClock(), log: new RecordingLog(), native: kernel });
  await rtnl.start();
  assert.equal(rtnl.snapshot.links.size, 1);
  assert.equal(rtnl.counters.malformed, 1);
});

for (const how of ["while polling", "while reading"] as const) {
  test(`lost events (found ${how}) lead to a new reading that is told as a resync`, async () => {
    const { kernel, events, names, told, rtnl } = await world();
    dumpOf(kernel, getLink, linkMessage(1, "lo"), linkMessage(2, "eth0", { mtu: 1400 }), linkMessage(4, "eth2"));
    // Older than the reading: a ghost if it were believed.
    events.queue.push(overrun());
    events.add(linkMessage(3, "ghost0"));
    if (how === "while polling") events.poll();
    else await rtnl.request(setMtu);
    assert.deepEqual(names(), ["lo", "eth0", "eth2"]);
    assert.deepEqual(told(), ["link-changed (resync)", "link-added (resync)"]);
    assert.equal(rtnl.counters.overruns, 1);
  });
}

test("a request resolves with the events it caused already told", async () => {
  const { kernel, events, rtnl, told } = await world();
  kernel.answer = (header) => {
    events.add(linkMessage(2, "eth0", { mtu: 1400 }));
    return [acknowledgement(header.sequence)];
  };
  await rtnl.request(setMtu);
  assert.deepEqual(told(), ["link-changed (own-request)"]);
  assert.equal(rtnl.snapshot.links.get(2)?.mtu, 1400);
});

test("an event queued before a request is not told as its effect", async () => {
  const { events, rtnl, told } = await world();
  events.add(linkMessage(3, "eth1"));
  await rtnl.request(setMtu);
  assert.deepEqual(told(), ["link-added (event)"]);
});

test("an answer that comes late is waited for", async () => {
  const { kernel, rtnl, clock } = await world();
  kernel.isSlow = true;
  let isDone = false;
  const answer = rtnl.request(setMtu).then(() => {
    isDone = true;
  });
  await clock.advanceSettled(4999);
  assert.equal(isDone, false);
  assert.deepEqual(
    clock.pendingTimers().map(({ name }) => name),
    ["rtnl-request"],
  );
  kernel.release();
  await answer;
  assert.deepEqual(clock.pendingTimers(), []);
});

test("a request without an answer ends after five seconds, and its late answer is not taken for the next one's", async () => {
  const { kernel, rtnl, clock } = await world();
  kernel.isSlow = true;
  const first = assert.rejects(rtnl.request(setMtu), { code: "ETIMEDOUT", name: "KernelError" });
  await clock.advanceSettled(5000);
  await first;
  const [late] = kernel.held.splice(0);
  kernel.isSlow = false;
  kernel.answer = (header) => [late as Buffer, acknowledgement(header.sequence, 13)];
  await assert.rejects(rtnl.request(setMtu), { code: "EACCES" });
});

test("answers to a batch may come in pieces and out of order", async () => {
  const { kernel, rtnl } = await world();
  const sequences: number[] = [];
  kernel.answer = (header) => {
    sequences.push(header.sequence);
    if (sequences.length < 3) return [];
    const [a = 0, b = 0, c = 0] = sequences;
    return [Buffer.concat([acknowledgement(c, 22), acknowledgement(a)]), acknowledgement(b, 17), acknowledgement(b, 1)];
  };
  const results = await rtnl.batch([setMtu, setMtu, setMtu]);
  assert.deepEqual(
    results.map((error) => error?.code),
    [undefined, "EEXIST", "EINVAL"],
  );
  assert.equal(kernel.requests.sent.at(-1)?.length, 3 * 40, "all went out in one call");
});

test("requests made while one is waiting line up behind it", async () => {
  const { kernel, rtnl, clock } = await world();
  kernel.isSlow = true;
  const before = kernel.requests.sent.length;
  const answers = Promise.all([rtnl.request(setMtu), rtnl.request(setMtu)]);
  await clock.settle();
  assert.equal(kernel.requests.sent.length, before + 1);
  kernel.release();
  await clock.settle();
  assert.equal(kernel.requests.sent.length, before + 2);
  kernel.release();
  await answers;
});

test("an interrupted dump is repeated, at most five times, and once more later", async () => {
  const { kernel, events, clock, names, log } = await world();
  let readings = 0;
  kernel.dumps.set(getLink, (sequence) => {
    readings++;
    return [linkMessage(1, "lo", { sequence }), endOfDump(sequence, 0, 2 | interrupted)];
  });
  events.queue.push(overrun());
  events.poll();
  assert.equal(readings, 5);
  assert.deepEqual(names(), ["lo"]);
  dumpOf(kernel, getLink, linkMessage(1, "lo"), linkMessage(2, "eth0"));
  clock.advance(250);
  assert.deepEqual(names(), ["lo", "eth0"]);
  assert.deepEqual(clock.pendingTimers(), []);
  assert.deepEqual(log.messages("error"), []);
});

test("a reading that fails leaves the snapshot as it was and is tried again", async () => {
  const { kernel, links, events, clock, names, log } = await world();
  kernel.dumps.set(getLink, (sequence) => [endOfDump(sequence, 12)]);
  events.queue.push(overrun());
  events.poll();
  assert.deepEqual(names(), ["lo", "eth0"]);
  assert.match(log.messages("warn")[0] ?? "", /ENOMEM/);
  dumpOf(kernel, getLink, ...links, linkMessage(3, "eth1"));
  clock.advance(250);
  assert.deepEqual(names(), ["lo", "eth0", "eth1"]);
});

test("events that come during a slow reading wait for its end", async () => {
  const { kernel, events, names, told } = await world();
  dumpOf(kernel, getLink, linkMessage(1, "lo"));
  kernel.isSlow = true;
  events.queue.push(overrun());
  events.poll();
  events.add(linkMessage(3, "eth1"));
  events.poll();
  assert.deepEqual(names(), ["lo", "eth0"]);
  while (kernel.held.length > 0) kernel.release();
  assert.deepEqual(names(), ["lo", "eth1"]);
  assert.deepEqual(told(), ["link-removed (resync)", "link-added (event)"]);
});

test("a second overrun during a slow reading leads to one more reading", async () => {
  const { kernel, links, events, rtnl } = await world();
  kernel.isSlow = true;
  events.queue.push(overrun());
  events.poll();
  const request = rtnl.request(setMtu);
  const readings = () => kernel.asked.filter((type) => type === getLink).length;
  dumpOf(kernel, getLink, ...links, linkMessage(9, "late0"));
  while (kernel.held.length > 0) kernel.release();
  await request;
  assert.equal(readings(), 2);
  events.queue.push(overrun());
  events.poll();
  while (kernel.held.length > 0) kernel.release();
  assert.equal(readings(), 3);
  assert.equal(rtnl.snapshot.linkByName("late0")?.index, 9);
});

test("an IPv4 route that was replaced takes the old one's place", async () => {
  const { putRoute, rtnl, told } = await world();
  putRoute(routeMessage(9, 2, { gateway: 1 }));
  putRoute(routeMessage(9, 2, { gateway: 3, flags: 0x100 }));
  assert.deepEqual(
    rtnl.snapshot.routes().map(({ gateway }) => gateway),
    ["10.0.0.3"],
  );
  assert.deepEqual(told(), ["route-added (event)", "route-removed (event)", "route-added (event)"]);
});

test("when it cannot be known which of several routes was replaced, the table is read again", async () => {
  const { kernel, putRoute, rtnl } = await world();
  putRoute(routeMessage(9, 2, { gateway: 1 }), routeMessage(9, 2, { gateway: 2 }));
  dumpOf(kernel, getRoute, routeMessage(9, 2, { gateway: 2 }), routeMessage(9, 2, { gateway: 3 }));
  kernel.asked.length = 0;
  putRoute(routeMessage(9, 2, { gateway: 3, flags: 0x100 }));
  const gateways = rtnl.snapshot.routes().map(({ gateway }) => gateway);
  assert.deepEqual(gateways.sort(), ["10.0.0.2", "10.0.0.3"]);
  assert.deepEqual(new Set(kernel.asked), new Set([getRoute]));
});

test("with a source address routes may go in silence: their tables are read again, once for a burst", async () => {
  const { kernel, events, putRoute, rtnl, told } = await world();
  putRoute(addressMessage(2, 2), addressMessage(3, 2), addressMessage(4, 2));
  putRoute(routeMessage(8, 2, { source: 2 }), routeMessage(9, 2, { source: 3 }), routeMessage(7, 2));
  told();
  kernel.asked.length = 0;
  dumpOf(kernel, getRoute, routeMessage(7, 2));
  events.add(addressMessage(2, 2, 21));
  events.add(addressMessage(3, 2, 21));
  events.poll();
  assert.deepEqual(
    rtnl.snapshot.routes().map(({ destination }) => destination),
    ["10.7.0.0/16"],
  );
  assert.equal(kernel.asked.length, 5, "one reading, type by type");
});

test("an address that no route depended on casts no doubt", async () => {
  const { kernel, putRoute } = await world();
  putRoute(addressMessage(2, 2), addressMessage(3, 2), routeMessage(7, 2));
  kernel.asked.length = 0;
  putRoute(addressMessage(3, 2, 21));
  assert.deepEqual(kernel.asked, []);
});

test("a link that goes down takes its routes along before any question", async () => {
  const { putRoute, rtnl, told } = await world();
  putRoute(addressMessage(2, 2), routeMessage(9, 2, { gateway: 1 }));
  told();
  putRoute(linkMessage(2, "eth0", { isUp: false }));
  assert.deepEqual(told(), ["link-changed (event)", "route-removed (event)"]);
  assert.equal(rtnl.snapshot.addresses(2).length, 1);
});

test("a start that fails leaves nothing open and says why", async () => {
  const kernel = new ScriptedKernel();
  kernel.openFailure = systemError("EMFILE", 24, "socket");
  const rtnl = new KernelRtnl({ clock: new FakeClock(), log: new RecordingLog(), native: kernel });
  await assert.rejects(rtnl.start(), { name: "KernelError", code: "EMFILE" });
  assert.equal(kernel.openHandles().sockets, 0);
  await assert.rejects(rtnl.request(setMtu), { code: "EBADF" });
});

test("a start whose reading is refused rejects, and closes its sockets", async () => {
  const kernel = new ScriptedKernel();
  kernel.dumps.set(getLink, (sequence) => [acknowledgement(sequence, 1)]);
  const rtnl = new KernelRtnl({ clock: new FakeClock(), log: new RecordingLog(), native: kernel });
  await assert.rejects(rtnl.start(), { code: "EPERM" });
  assert.equal(kernel.openHandles().sockets, 0);
});

test("a second start is refused", async () => {
  const { rtnl } = await world();
  await assert.rejects(rtnl.start(), KernelError);
});

test("close ends what is waiting and leaves no timer and no socket", async () => {
  const { kernel, rtnl, clock } = await world();
  kernel.isSlow = true;
  const first = assert.rejects(rtnl.request(setMtu), { code: "ECANCELED" });
  const second = assert.rejects(rtnl.request(setMtu), { code: "ECANCELED" });
  await clock.settle();
  rtnl.close();
  await Promise.all([first, second]);
  assert.equal(kernel.openHandles().sockets, 0);
  assert.deepEqual(clock.pendingTimers(), []);
});

test("close during a slow start lets the start end", async () => {
  const kernel = new ScriptedKernel();
  kernel.isSlow = true;
  const clock = new FakeClock();
  const rtnl = new KernelRtnl({ clock, log: new RecordingLog(), native: kernel });
  const started = assert.rejects(rtnl.start(), { code: "ECANCELED" });
  await clock.settle();
  rtnl.close();
  await started;
  assert.deepEqual(clock.pendingTimers(), []);
});

test("another failure of the event socket is logged and everything is read anew after a while", async () => {
  const { kernel, links, events, clock, names, log } = await world();
  dumpOf(kernel, getLink, ...links, linkMessage(3, "eth1"));
  events.queue.push(systemError("EIO", 5));
  events.poll();
  assert.equal(log.messages("error").length, 1);
  assert.deepEqual(names(), ["lo", "eth0"]);
  clock.advance(250);
  assert.deepEqual(names(), ["lo", "eth0", "eth1"]);
});

test("an event that was cut off counts as lost", async () => {
  const { kernel, links, events, names, rtnl } = await world();
  dumpOf(kernel, getLink, ...links, linkMessage(3, "eth1"));
  const data = linkMessage(3, "eth1").subarray(0, 20);
  events.queue.push({ data, address: Buffer.from([16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), isTruncated: true });
  events.poll();
  assert.deepEqual(names(), ["lo", "eth0", "eth1"]);
  assert.equal(rtnl.counters.overruns, 1);
});

test("a kernel without IPv6 and without rules is read all the same", async () => {
  const kernel = new ScriptedKernel();
  dumpOf(kernel, getLink, linkMessage(1, "lo"));
  kernel.dumps.set(22, (sequence) => [acknowledgement(sequence, 97)]);
  kernel.dumps.set(34, (sequence) => [acknowledgement(sequence, 95)]);
  const rtnl = new KernelRtnl({ clock: new FakeClock(), log: new RecordingLog(), native: kernel });
  await rtnl.start();
  assert.equal(rtnl.snapshot.links.size, 1);
});

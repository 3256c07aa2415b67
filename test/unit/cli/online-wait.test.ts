import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { Failure } from "../../../src/cli/failure.ts";
import { OnlineWait } from "../../../src/cli/online-wait.ts";
import { BusObject, Snapshot } from "../../../src/cli/view/snapshot.ts";
import { judgeOnline, type OnlineWish, parseOnlineWish } from "../../../src/cli/words/online-wish.ts";
import { FakeDaemon } from "./fake-daemon.ts";

const any: OnlineWish = { links: [], state: "ready", isForAll: false, limitMs: undefined };

/** Links with the states of their Services. */
function snapshot(links: Readonly<Record<string, readonly string[]>>): Snapshot {
  const properties = (values: Readonly<Record<string, readonly [string, unknown]>>) =>
    new Map(
      Object.entries(values).map(([name, [signature, value]]): [string, WireVariant] => [name, { signature, value }]),
    );
  const devices = Object.keys(links).map(
    (link) => new BusObject("device", `/device/${link}`, properties({ Interface: ["s", link] })),
  );
  const services = Object.entries(links).flatMap(([link, states]) =>
    states.map(
      (state, at) =>
        new BusObject(
          "service",
          `/service/${link}_${at}`,
          properties({ Device: ["o", `/device/${link}`], State: ["s", state] }),
        ),
    ),
  );
  const manager = properties({
    Devices: ["ao", devices.map(({ path }) => path)],
    ServiceCompleteList: ["ao", services.map(({ path }) => path)],
  });
  return new Snapshot(new BusObject("manager", "/", manager), [...devices, ...services]);
}

const judgements: readonly [
  what: string,
  wish: Partial<OnlineWish>,
  links: Readonly<Record<string, readonly string[]>>,
  fulfilled: boolean,
  because: string,
][] = [
  ["no links at all", {}, {}, false, "there are no links"],
  ["no links at all, and every one of them", { isForAll: true }, {}, false, "there are no links"],
  ["one that is ready", {}, { eth0: ["ready"] }, true, "eth0 ready"],
  ["one of two", {}, { eth0: ["idle"], eth1: ["online"] }, true, "eth0 idle, eth1 online"],
  [
    "one of two where both are wanted",
    { isForAll: true },
    { eth0: ["idle"], eth1: ["online"] },
    false,
    "eth0 idle, eth1 online",
  ],
  [
    "both",
    { isForAll: true },
    { eth0: ["no-connectivity"], eth1: ["online"] },
    true,
    "eth0 no-connectivity, eth1 online",
  ],
  ["ready where online is wanted", { state: "online" }, { eth0: ["ready"] }, false, "eth0 ready"],
  ["a portal where online is wanted", { state: "online" }, { eth0: ["redirect-found"] }, false, "eth0 redirect-found"],
  [
    "another link than the wanted one",
    { links: ["eth1"] },
    { eth0: ["online"], eth1: ["failure"] },
    false,
    "eth1 failure",
  ],
  ["a link that is not there", { links: ["eth7"] }, { eth0: ["online"] }, false, "eth7 is not there"],
  ["a link without a Service", {}, { eth0: [] }, false, "eth0 idle"],
  ["the best of several Services", {}, { wlan0: ["idle", "ready", "failure"] }, true, "wlan0 ready"],
];
for (const [what, wish, links, isFulfilled, because] of judgements) {
  test(`judged: ${what}`, () => {
    assert.deepEqual(judgeOnline({ ...any, ...wish }, snapshot(links)), { isFulfilled, because });
  });
}

test("the command line says what is waited for, and what is not understood is refused", () => {
  assert.deepEqual(parseOnlineWish([]), { ...any, limitMs: 30_000 });
  assert.deepEqual(
    parseOnlineWish([
      "--interface",
      "b",
      "--interface=a",
      "--interface",
      "b",
      "--all",
      "--state",
      "online",
      "--timeout",
      "1.5",
    ]),
    { links: ["b", "a"], state: "online", isForAll: true, limitMs: 1_500 },
  );
  assert.equal(parseOnlineWish(["--timeout", "0"])?.limitMs, undefined);
  assert.equal(parseOnlineWish(["--help"]), undefined);
  const refused = [
    ["--state", "up"],
    ["--any", "--all"],
    ["--timeout", "86401"],
    ["--timeout", "1e3"],
    ["--timeout", ""],
    ["eth0"],
    Array.from({ length: 65 }, (_, at) => `--interface=eth${at}`),
  ];
  for (const args of refused) assert.throws(() => parseOnlineWish(args), Failure, args.slice(0, 2).join(" "));
});

async function waiting(t: TestContext, wish: Partial<OnlineWish>) {
  const daemon = await FakeDaemon.start(t);
  const wait = new OnlineWait(await daemon.connect(), daemon.clock, { ...any, ...wish });
  t.after(() => wait.close());
  const verdict = wait.run();
  let isOver = false;
  void verdict.then(() => {
    isOver = true;
  });
  await daemon.clock.settle();
  return { daemon, verdict, isOver: () => isOver };
}

test("a state that changes is heard of, and ends the wait", async (t) => {
  const { daemon, verdict, isOver } = await waiting(t, { links: ["eth1"] });
  assert.equal(isOver(), false);
  daemon.at("/service/1").set("State", "ready");
  await daemon.clock.settle();
  assert.equal(isOver(), true);
  assert.deepEqual(await verdict, { isFulfilled: true, because: "eth1 ready" });
});

test("when its time is over it says how things stand", async (t) => {
  const { daemon, verdict, isOver } = await waiting(t, { links: ["eth1"], limitMs: 5_000 });
  await daemon.clock.advanceSettled(4_999);
  assert.equal(isOver(), false);
  await daemon.clock.advanceSettled(1);
  assert.deepEqual(await verdict, { isFulfilled: false, because: "eth1 idle" });
});

test("a daemon that goes and comes back is waited for", async (t) => {
  const { daemon, verdict, isOver } = await waiting(t, { links: ["eth1"] });
  await daemon.vanish();
  await daemon.clock.settle();
  daemon.at("/service/1").set("State", "online");
  await daemon.appear();
  await daemon.clock.settle();
  assert.equal(isOver(), true);
  assert.equal((await verdict).isFulfilled, true);
});

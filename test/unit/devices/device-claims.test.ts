import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import {
  type Activation,
  ClaimableDevice,
  DeviceClaims,
  type DeviceEvent,
  type DeviceUser,
} from "../../../src/devices/device-claims.ts";

/** A link whose activation can be made to fail, with all calls and news in one list. */
function scene() {
  const log: string[] = [];
  const user = (name: string, onEvent: (event: DeviceEvent) => void = () => {}): DeviceUser => ({
    name,
    onDeviceEvent: (event) => {
      log.push(`${name}:${event}`);
      onEvent(event);
    },
  });
  const link = (name: string, steps: Partial<Activation> = {}) => {
    const device = new ClaimableDevice(name, silentLog);
    const activation: Activation = {
      activate: async (path) => {
        await steps.activate?.(path);
        log.push(`${name} is up`);
      },
      deactivate: async () => {
        log.push(`${name} is down`);
        await steps.deactivate?.();
      },
    };
    device.setInKernel(activation);
    return Object.assign(device, { activation });
  };
  const take = () => log.splice(0);
  return { user, link, take };
}

test("the first claim sets the link up: setup, up (N1)", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const a = user("a");
  p0.addUser(a);
  await p0.claim(a);
  assert.deepEqual(take(), ["a:add", "a:setup", "p0 is up", "a:up"]);
  assert.equal(p0.claimCount, 1);
});

test("claiming twice is success without effect", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const a = user("a");
  p0.addUser(a);
  await p0.claim(a);
  take();
  await p0.claim(a);
  assert.deepEqual([take(), p0.claimCount], [[], 1]);
});

test("a second user's claim and the first one's release are silent (N2)", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const [a, b] = [user("a"), user("b")];
  p0.addUser(a);
  p0.addUser(b);
  await p0.claim(a);
  take();
  await p0.claim(b);
  await p0.release(a);
  assert.deepEqual([take(), p0.claimCount, p0.isActive], [[], 1, true]);
});

test("the last release takes it down: teardown while it still works, then down", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const a = user("a");
  p0.addUser(a);
  await p0.claim(a);
  take();
  await p0.release(a);
  assert.deepEqual([take(), p0.claimCount], [["a:teardown", "p0 is down", "a:down"], 0]);
});

test("an absent device cannot be claimed (N4), and tells its users when it comes", async () => {
  const { user, take } = scene();
  const p0 = new ClaimableDevice("p0", silentLog);
  const a = user("a");
  p0.addUser(a);
  await assert.rejects(p0.claim(a), { code: "NotFound" });
  assert.deepEqual([take(), p0.claimCount], [[], 0]);
  p0.setInKernel({ activate: async () => {}, deactivate: async () => {} });
  await p0.claim(a);
  assert.deepEqual(take(), ["a:add", "a:setup", "a:up"]);
});

test("a failed activation leaves no claim, ends with down, and a second claim tries again (N5)", async () => {
  const { user, link, take } = scene();
  let isBroken = true;
  const p0 = link("p0", {
    activate: async () => {
      if (isBroken) throw new Error("no power");
    },
  });
  const a = user("a");
  p0.addUser(a);
  take();
  await assert.rejects(p0.claim(a), /no power/);
  assert.deepEqual([take(), p0.claimCount, p0.isActive], [["a:setup", "a:down"], 0, false]);
  isBroken = false;
  await p0.claim(a);
  assert.deepEqual(take(), ["a:setup", "p0 is up", "a:up"]);
});

/** A VLAN on a cable. */
function stacked(steps: Partial<Activation> = {}) {
  const all = scene();
  const p0 = all.link("p0");
  const upper = all.user("vlan-on-p0");
  p0.addUser(upper);
  const p1 = all.link("p0.5", {
    activate: async (path) => {
      await p0.claim(upper, path);
      await Promise.resolve(steps.activate?.(path)).catch(async (error: unknown) => {
        await p0.release(upper);
        throw error;
      });
    },
    deactivate: () => p0.release(upper),
  });
  const a = all.user("a");
  p1.addUser(a);
  all.take();
  return { ...all, p0, p1, a };
}

test("a device on another goes up after it and down before it (netifd 2.5)", async () => {
  const { p0, p1, a, take } = stacked();
  await p1.claim(a);
  assert.deepEqual(take(), ["a:setup", "vlan-on-p0:setup", "p0 is up", "vlan-on-p0:up", "p0.5 is up", "a:up"]);
  await p1.release(a);
  const down = ["a:teardown", "p0.5 is down", "vlan-on-p0:teardown", "p0 is down", "vlan-on-p0:down", "a:down"];
  assert.deepEqual([take(), p0.claimCount], [down, 0]);
});

test("when the upper one cannot go up, the lower one's claim is given back first (N7)", async () => {
  const { p0, p1, a, take } = stacked({
    activate: async () => {
      throw new Error("no such VLAN");
    },
  });
  await assert.rejects(p1.claim(a), /no such VLAN/);
  assert.deepEqual([p0.claimCount, p0.isActive, p1.claimCount], [0, false, 0]);
  assert.ok(take().includes("vlan-on-p0:down"));
});

test("two devices that stand on each other are refused, and neither is claimed after (N14)", async () => {
  const { user } = scene();
  const [x, y] = [new ClaimableDevice("x", silentLog), new ClaimableDevice("y", silentLog)];
  const [onX, onY, a] = [user("y on x"), user("x on y"), user("a")];
  const standsOn = (lower: ClaimableDevice, self: DeviceUser): Activation => ({
    activate: (path) => lower.claim(self, path),
    deactivate: () => lower.release(self),
  });
  x.setInKernel(standsOn(y, onY));
  y.setInKernel(standsOn(x, onX));
  x.addUser(onX);
  y.addUser(onY);
  x.addUser(a);
  await assert.rejects(x.claim(a), /circle: x -> y -> x/);
  assert.deepEqual([x.claimCount, y.claimCount, x.isActive, y.isActive], [0, 0, false, false]);
});

test("when the kernel's object goes, all hear remove and no claim is left (N8)", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const [a, b] = [user("a"), user("b")];
  for (const who of [a, b]) {
    p0.addUser(who);
    await p0.claim(who);
  }
  take();
  p0.setInKernel(undefined);
  assert.deepEqual([take(), p0.claimCount, p0.isActive], [["a:remove", "b:remove"], 0, false]);
  await p0.release(a);
  assert.deepEqual(take(), []);
});

test("carrier comes and goes without touching the claims (N10)", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const a = user("a");
  p0.addUser(a);
  await p0.claim(a);
  p0.setCarrier(true);
  take();
  p0.setCarrier(false);
  p0.setCarrier(false);
  p0.setCarrier(true);
  assert.deepEqual([take(), p0.claimCount], [["a:link-down", "a:link-up"], 1]);
});

test("claimed again during teardown: up again without a down (netifd 2.4)", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  let again: Promise<void> | undefined;
  const b = user("b");
  const a = user("a", (event) => {
    if (event === "teardown") again = p0.claim(b);
  });
  p0.addUser(a);
  p0.addUser(b);
  await p0.claim(a);
  take();
  await p0.release(a);
  await again;
  assert.ok(!take().some((line) => line.endsWith(":down")));
  assert.deepEqual([p0.isActive, p0.claimCount], [true, 1]);
});

test("a user that comes late hears what is so already", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const [a, b] = [user("a"), user("b")];
  p0.addUser(a);
  p0.setCarrier(true);
  await p0.claim(a);
  take();
  p0.addUser(b);
  assert.deepEqual(take(), ["b:add", "b:up", "b:link-up"]);
});

test("a user that leaves gives its claim back and hears remove", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const a = user("a");
  p0.addUser(a);
  await p0.claim(a);
  take();
  await p0.removeUser(a);
  assert.deepEqual([take(), p0.userNames], [["a:teardown", "p0 is down", "a:down", "a:remove"], []]);
});

test("a release while the activation is still under way leaves the link down", async () => {
  const { user, link, take } = scene();
  let finish = () => {};
  const p0 = link("p0", { activate: () => new Promise<void>((resolve) => (finish = resolve)) });
  const a = user("a");
  p0.addUser(a);
  const claimed = p0.claim(a);
  await Promise.resolve();
  const released = p0.release(a);
  finish();
  await Promise.allSettled([claimed, released]);
  assert.deepEqual([p0.isActive, p0.claimCount, take().at(-1)], [false, 0, "a:down"]);
});

test("a disabled device looks absent and comes back (netifd 2.1)", () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  p0.addUser(user("a"));
  take();
  p0.setDisabled(true);
  p0.setDisabled(false);
  assert.deepEqual(take(), ["a:remove", "a:add"]);
});

test("a name without waiting users is forgotten", () => {
  const claims = new DeviceClaims(silentLog);
  const first = claims.device("p0");
  assert.equal(claims.device("p0"), first);
  claims.collect("p0");
  assert.notEqual(claims.device("p0"), first);
});

test("disabling sets the link down against all claims, and no claim is taken until it is enabled", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const [a, b] = [user("a"), user("b")];
  for (const each of [a, b]) {
    p0.addUser(each);
    await p0.claim(each);
  }
  take();
  await p0.disable();
  assert.deepEqual(
    [p0.isActive, p0.claimCount, take()],
    [false, 0, ["a:remove", "b:remove", "a:teardown", "b:teardown", "p0 is down", "a:down", "b:down"]],
  );
  await assert.rejects(p0.claim(b), { code: "NotFound" });
  p0.enable();
  await p0.claim(b);
  assert.deepEqual(take(), ["a:add", "b:add", "a:setup", "b:setup", "p0 is up", "a:up", "b:up"]);
});

test("a user that answers the news of a disabled device by releasing it changes nothing", async () => {
  const { user, link, take } = scene();
  const p0 = link("p0");
  const a = user("a", (event) => void (event === "remove" && p0.release(a)));
  p0.addUser(a);
  await p0.claim(a);
  take();
  await p0.disable();
  assert.deepEqual(take(), ["a:remove", "a:teardown", "p0 is down", "a:down"]);
});

test("a device that is disabled while it is set up is set down again, and the claim is refused", async () => {
  const { user, link, take } = scene();
  let goOn = () => {};
  const p0 = link("p0", { activate: () => new Promise<void>((resolve) => (goOn = resolve)) });
  const a = user("a");
  p0.addUser(a);
  const claimed = p0.claim(a);
  await Promise.resolve();
  const disabled = p0.disable();
  goOn();
  await assert.rejects(claimed, { code: "NotFound" });
  await disabled;
  assert.deepEqual([p0.isActive, p0.claimCount, take().slice(-3)], [false, 0, ["p0 is up", "p0 is down", "a:down"]]);
});

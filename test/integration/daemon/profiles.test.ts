import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { variant } from "../../harness/bus-client.ts";
import { until } from "../../harness/until.ts";
import { addressOf } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

const manager = "org.chromium.flimflam.Manager";

test("static addresses follow the machine's Profiles on the kernel's link, without a disconnect", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  const path = String((await untilState(daemon, "eth0", "ready")).path);
  const call = (member: string) => daemon.call("/", manager, member, "s", ["test"]);
  const setAddress = (address: string) =>
    daemon.setProperty(path, "Service", "StaticIPConfig", "a{sv}", {
      Address: variant("s", address),
      Prefixlen: variant("i", 24),
      Gateway: variant("s", "10.1.0.1"),
    });
  const has = (address: string) => until(`eth0 has ${address}`, () => String(addressOf("eth0")).startsWith(address));
  await setAddress("10.1.0.71");
  await has("10.1.0.71");
  await daemon.client.untilSignal("nothing is under way", ({ member }) => member === "PropertyChanged");
  const from = daemon.client.signals.length;
  await call("CreateProfile");
  await call("PushProfile");
  assert.equal(((await daemon.manager()).Profiles as string[]).at(-1), "/profile/test");
  const { Entries } = await daemon.properties("/profile/test", "Profile");
  assert.ok((Entries as string[]).includes("ethernet_any"));
  await has("10.1.0.71");
  await setAddress("10.1.0.72");
  await has("10.1.0.72");
  await call("PopProfile");
  await has("10.1.0.71");
  await call("PushProfile");
  await has("10.1.0.72");
  await daemon.call("/", manager, "PopAnyProfile");
  assert.deepEqual((await daemon.manager()).Profiles, ["/profile/default"]);
  await has("10.1.0.71");
  const states = daemon.client.signals.slice(from).filter(({ args: [name] }) => name === "State");
  assert.deepEqual(states, []);
});

test("a damaged Profile of a user is set aside when it is pushed, and begins empty", async (t) => {
  const daemon = await startDaemon(t);
  const folder = join(daemon.runDir, "user_profiles/alice");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "work.db"), "not a database ".repeat(600), { mode: 0o600 });
  await daemon.call("/", manager, "InsertUserProfile", "ss", ["~alice/work", "cafe"]);
  assert.deepEqual((await daemon.properties("/profile/alice/work", "Profile")).Entries, []);
  assert.ok(readdirSync(folder).includes("work.db.corrupted"));
  await until("the log tells of it", () => /~alice\/work was damaged/.test(daemon.log()));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { managerServiceMethods } from "../../../src/dbus/manager-service-methods.ts";
import { MemoryStore } from "../../../src/profiles/memory-store.ts";
import { Profile } from "../../../src/profiles/profile.ts";
import { machine } from "../manager/machine.ts";

const s = (value: string): WireVariant => ({ signature: "s", value });
const ethernet = new Map([["Type", s("ethernet")]]);

test("a Service that the machine's Profile keeps is not configured through a user's own Profile", async (t) => {
  const it = await machine(t, ["eth0"]);
  const user = new Profile({ user: "alice", name: "fairlead" }, new MemoryStore("alice"));
  t.mock.method(it.profiles, "profileForNew", () => user);
  t.mock.method(it.profiles, "byPath", (path: string) => (path === user.path ? user : undefined));
  const { ConfigureService, ConfigureServiceForProfile } = managerServiceMethods;
  assert.equal(ConfigureService.ownerOf(it.manager, [ethernet]), "machine");
  assert.equal(ConfigureService.ownerOf(it.manager, [new Map([...ethernet, ["Profile", s(user.path)]])]), "machine");
  assert.equal(ConfigureServiceForProfile.ownerOf(it.manager, [user.path, ethernet]), "machine");
  it.service("eth0").setProperty("GUID", "mine");
  assert.equal(ConfigureService.ownerOf(it.manager, [new Map([["GUID", s("mine")]])]), "machine");
  it.service("eth0").entry.belongTo(user);
  assert.deepEqual(ConfigureService.ownerOf(it.manager, [ethernet]), { uid: user.ownerUid });
  it.service("eth0").entry.belongTo(undefined);
  assert.deepEqual(ConfigureServiceForProfile.ownerOf(it.manager, [user.path, ethernet]), { uid: user.ownerUid });
});

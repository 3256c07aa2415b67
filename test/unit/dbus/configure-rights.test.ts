import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { managerServiceMethods } from "../../../src/dbus/manager-service-methods.ts";
import type { Owner } from "../../../src/profiles/profile.ts";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { machine } from "../manager/machine.ts";

const s = (value: string): WireVariant => ({ signature: "s", value });
const ethernet = new Map([["Type", s("ethernet")]]);

test("a Service that the machine's Profile keeps is not configured through a user's own Profile", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.profiles.create("~alice/fairlead");
  const user = it.profiles.push("~alice/fairlead");
  await it.settle();
  user.ownerUid = 1000;
  const { ConfigureService, ConfigureServiceForProfile } = managerServiceMethods;
  const needs = (properties: ReadonlyMap<string, WireVariant>) =>
    words(ConfigureService.needs?.(it.manager, [properties]) ?? []);
  const needsFor = () => words(ConfigureServiceForProfile.needs?.(it.manager, [user.path, ethernet]) ?? []);
  const both = ["settings of uid 1000", "settings of machine"];
  assert.deepEqual(needs(ethernet), both);
  assert.deepEqual(needs(new Map([...ethernet, ["Profile", s(user.path)]])), both);
  assert.deepEqual(needsFor(), both);
  it.service("eth0").setProperty("GUID", "mine");
  assert.deepEqual(needs(new Map([["GUID", s("mine")]])), both);
  it.service("eth0").entry.belongTo(user);
  assert.deepEqual(needs(ethernet), ["settings of uid 1000"]);
  assert.deepEqual(needsFor(), ["settings of uid 1000"]);
  const acting = new Map([...ethernet, ["CheckPortal", s("false")]]);
  assert.deepEqual(needs(acting), ["settings of uid 1000", "settings of machine"], "on the machine's terms");
});

test("GetService needs the consent of the found Service's owner, and configuring below another user's Profile only one's own", async (t) => {
  const it = await machine(t, ["eth0"], { modules: technologyModules });
  const [alice, bob] = [1000, 1001].map((uid) => {
    it.profiles.create(`~uid${uid}/own`);
    return Object.assign(it.profiles.push(`~uid${uid}/own`), { ownerUid: uid });
  });
  await it.settle();
  const { GetService, ConfigureService, ConfigureServiceForProfile } = managerServiceMethods;
  const eap = new Map([["Type", s("etherneteap")]]);
  const uses = { get: () => words(GetService.needs?.(it.manager, [eap]) ?? []) };
  assert.deepEqual(uses.get(), ["settings of machine"], "nobody's");
  it.manager.configurator.configureForProfile(bob?.path ?? "", new Map([...eap, ["EAP.Password", s("bob's")]]));
  assert.deepEqual(uses.get(), ["settings of uid 1001"]);
  assert.deepEqual(words(ConfigureServiceForProfile.needs?.(it.manager, [alice?.path, eap]) ?? []), [
    "settings of uid 1000",
  ]);
  const into = (path = "") =>
    words(ConfigureService.needs?.(it.manager, [new Map([...eap, ["Profile", s(path)]])]) ?? []);
  assert.deepEqual(into(alice?.path), ["secrets of uid 1001", "settings of uid 1000", "settings of uid 1001"]);
  assert.deepEqual(into("/profile/default"), ["secrets of uid 1001", "settings of machine", "settings of uid 1001"]);
});

const words = (needs: readonly { readonly right: string; readonly owner: Owner }[]) =>
  needs.map(({ right, owner }) => `${right} of ${typeof owner === "object" ? `uid ${owner.uid}` : owner}`);

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { onBus, shillError, variant } from "./machine-on-bus.ts";

async function connected(t: TestContext) {
  const scene = await onBus(t, { modules: technologyModules });
  scene.it.kernel.plug("eth0");
  // Facts that settle after a success (the link's speed) are there as well.
  await scene.it.clock.advanceSettled(1);
  const [ipConfig = ""] = (await scene.properties("/device/eth0")).get("IPConfigs") as string[];
  const dictionary = async (path: string) => {
    const [got] = await scene.call(path, "GetProperties");
    return got as ReadonlyMap<string, WireVariant>;
  };
  return { ...scene, ipConfig, dictionary };
}

test("every property of every object may be set to the value that it has, and nothing is announced", async (t) => {
  const { it, call, client, ipConfig, dictionary } = await connected(t);
  const paths = ["/", "/device/eth0", "/service/0", "/service/1", "/profile/default", ipConfig];
  const read = await Promise.all(paths.map(async (path) => [path, await dictionary(path)] as const));
  const heard: unknown[] = [];
  client.match({ member: "PropertyChanged" }, ({ path, args }) => heard.push([path, ...args]));
  for (const [path, values] of read) {
    for (const [name, value] of values) {
      assert.deepEqual(await call(path, "SetProperty", "sv", [name, value]), [], `${path} ${name}`);
    }
  }
  await it.settle();
  // AutoConnect is kept as set on purpose from now on, which is sorted; the lists are told after each sort.
  const retold = new Set(["ServiceCompleteList", "Services", "ConnectedTechnologies", "DefaultTechnology"]);
  assert.deepEqual(
    heard.filter((change) => !retold.has((change as string[])[1] ?? "")),
    [],
  );
});

test("a dictionary that a client read goes back as a whole", async (t) => {
  const { call, dictionary } = await connected(t);
  const all = await dictionary("/service/0");
  assert.deepEqual(await call("/service/0", "SetProperties", "a{sv}", [all]), []);
  for (const member of ["GetService", "ConfigureService"])
    assert.deepEqual(await call("/", member, "a{sv}", [all]), ["/service/0"], member);
  const forProfile = ["/profile/default", all];
  assert.deepEqual(await call("/", "ConfigureServiceForProfile", "oa{sv}", forProfile), ["/service/0"]);
});

test("with another value of a read-only one the rest is set, and the first refusal told", async (t) => {
  const { call, dictionary, properties } = await connected(t);
  const changed = new Map([...(await dictionary("/service/0")), ["State", variant("s", "idle")]]);
  changed.set("UIData", variant("s", "kept"));
  const refusal = { busName: shillError("InvalidArguments"), message: "Property is read-only" };
  await assert.rejects(call("/service/0", "SetProperties", "a{sv}", [changed]), refusal);
  assert.equal((await properties("/service/0")).get("UIData"), "kept");
});

test("a property that is absent, of another type or unknown is refused as ever", async (t) => {
  const { call } = await onBus(t);
  const set = (name: string, value: WireVariant) => call("/service/0", "SetProperty", "sv", [name, value]);
  await assert.rejects(set("IPConfig", variant("o", "/")), { message: "Property is read-only" });
  await assert.rejects(set("State", variant("o", "/idle")), { message: "Property State is not an rpc_identifier." });
  await assert.rejects(set("Nonsense", variant("s", "")), { busName: shillError("InvalidProperty") });
});

test("clearing a read-only property is refused, at any value", async (t) => {
  const { call } = await onBus(t);
  await assert.rejects(call("/service/0", "ClearProperty", "s", ["State"]), { message: "Property is read-only" });
});

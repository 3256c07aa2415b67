import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../../src/services/service.ts";
import { machine } from "./machine.ts";

const unvalidated: Readonly<Record<string, (service: Service) => void>> = {
  "CheckPortal false": (service) => service.setProperty("CheckPortal", "false"),
  "CheckPortal false in a dictionary": (service) =>
    service.configure(new Map([["CheckPortal", { signature: "s", value: "false" }]])),
  "ONCSource DevicePolicy": (service) => service.setProperty("ONCSource", "DevicePolicy"),
  "ONCSource UserPolicy": (service) => service.setProperty("ONCSource", "UserPolicy"),
  "ONCSource UserPolicy beside a proxy": (service) => {
    service.setProperty("ProxyConfig", '{"mode":"fixed_servers"}');
    service.setProperty("ONCSource", "UserPolicy");
  },
};
for (const [what, set] of Object.entries(unvalidated)) {
  test(`${what} on a connected Service: nothing more is to be validated, and it is online at once`, async (t) => {
    const it = await machine(t, ["eth0"]);
    const service = it.service("eth0");
    assert.equal(service.state, "ready");
    set(service);
    assert.equal(service.state, "online");
    await it.settle();
    assert.equal(it.manager.properties.value("ConnectionState"), "online");
  });
}

const validated: Readonly<Record<string, (service: Service) => void>> = {
  "CheckPortal true": (service) => service.setProperty("CheckPortal", "true"),
  "CheckPortal http-only": (service) => service.setProperty("CheckPortal", "http-only"),
  "ONCSource UserImport": (service) => service.setProperty("ONCSource", "UserImport"),
  "a proxy": (service) => service.setProperty("ProxyConfig", '{"mode":"fixed_servers"}'),
};
for (const [what, set] of Object.entries(validated)) {
  test(`${what} leaves a connected Service ready`, async (t) => {
    const it = await machine(t, ["eth0"]);
    set(it.service("eth0"));
    await it.settle();
    assert.equal(it.service("eth0").state, "ready");
  });
}

test("what CheckPortal says goes before who wrote the configuration", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  service.setProperty("CheckPortal", "true");
  service.setProperty("ONCSource", "DevicePolicy");
  assert.equal(service.state, "ready");
  service.setProperty("CheckPortal", "auto");
  assert.equal(service.state, "online");
});

test("a Service that is not connected stays as it is, and is online as soon as it connects", async (t) => {
  const it = await machine(t, []);
  const service = it.service("eth0");
  service.setProperty("CheckPortal", "false");
  assert.equal(service.state, "idle");
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(service.state, "online");
});

test("settings that a Profile brings count like those that a client sets", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.profiles.create("quiet", (store) => store.write("ethernet_any", new Map([["CheckPortal", '"false"']])));
  it.profiles.push("quiet");
  await it.settle();
  assert.equal(it.service("eth0").state, "online");
});

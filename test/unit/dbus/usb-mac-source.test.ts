import assert from "node:assert/strict";
import { test } from "node:test";
import { onBus, shillError } from "./machine-on-bus.ts";

const method = "SetUsbEthernetMacAddressSource";
const refusedWith = (name: string) => ({ busName: shillError(name) });

test("a USB adapter uses its own MAC address, and knows of no other", async (t) => {
  const { call, properties } = await onBus(t, { busType: "usb" });
  assert.equal((await properties("/device/eth0")).get("Ethernet.UsbEthernetMacAddressSource"), "usb_adapter_mac");
  await call("/device/eth0", method, "s", ["usb_adapter_mac"]);
  for (const source of ["designated_dock_mac", "builtin_adapter_mac"]) {
    await assert.rejects(call("/device/eth0", method, "s", [source]), refusedWith("NotFound"));
  }
  await assert.rejects(call("/device/eth0", method, "s", ["02:00:00:00:00:09"]), refusedWith("InvalidArguments"));
});

test("a card has no source to choose", async (t) => {
  const { call, properties } = await onBus(t, { busType: "pci" });
  assert.equal((await properties("/device/eth0")).get("Ethernet.UsbEthernetMacAddressSource"), "");
  await assert.rejects(call("/device/eth0", method, "s", ["usb_adapter_mac"]), refusedWith("IllegalOperation"));
});

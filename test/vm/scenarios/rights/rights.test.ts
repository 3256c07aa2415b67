import assert from "node:assert/strict";
import { run } from "../../../harness/processes.ts";
import { as, asksManager, assertRefused, installPolicies, systemBus } from "../../guest/booted-system.ts";
import { scenario } from "../../guest/scene.ts";

scenario("on a booted system the shipped policies and polkit say who may do what", async (scene) => {
  run("groupadd", ["--force", "--system", "netdev"]);
  run("usermod", ["--append", "--groups", "netdev", "bob"]);
  installPolicies();
  await scene.startDaemon(systemBus);
  const order = () => asksManager("alice", "GetServiceOrder").stdout.trim();

  const initially = order();
  assert.match(initially, /vpn,ethernet/, "everybody may look");
  assertRefused(
    asksManager("alice", "SetServiceOrder", "s", "wifi"),
    /password is needed.*\(org\.fairlead\.settings\)/,
  );
  assertRefused(asksManager("alice", "DisableTechnology", "s", "wifi"), /\(org\.fairlead\.control\)/);
  assert.equal(order(), initially);
  assert.equal(asksManager("bob", "SetServiceOrder", "s", "wifi").code, 0, "the shipped rule for netdev");
  assert.match(order(), /"wifi"/);
  assert.equal(run("systemctl", ["is-active", "polkit.service"]).trim(), "active", "the real one was asked");

  const name = ["call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName", "su"];
  run("systemctl", ["mask", "--runtime", "--now", "polkit.service"]);
  assertRefused(asksManager("bob", "SetServiceOrder", "s", "vpn"), /nobody could say/);
  run("systemctl", ["unmask", "--runtime", "polkit.service"]);
  assert.equal(asksManager("bob", "SetServiceOrder", "s", "vpn").code, 0, "it is there again");
  assertRefused(as("bob", "busctl", "--system", ...name, "org.chromium.flimflam", "2"), /Access denied/);
});

import assert from "node:assert/strict";
import type { RunResult } from "../../../harness/processes.ts";
import { run } from "../../../harness/processes.ts";
import { as, installPolicies, systemBus } from "../../guest/booted-system.ts";
import { scenario } from "../../guest/scene.ts";

const destination = "org.chromium.flimflam";
const manager = [destination, "/", `${destination}.Manager`];
const asks = (user: string, method: string, ...args: string[]): RunResult =>
  as(user, "busctl", "--system", "--timeout=60", "call", ...manager, method, ...args);

function refused({ code, stderr }: RunResult, why: RegExp): void {
  assert.notEqual(code, 0);
  assert.match(stderr, why);
}

scenario("on a booted system the shipped policies and polkit say who may do what", async (scene) => {
  run("groupadd", ["--force", "--system", "netdev"]);
  run("usermod", ["--append", "--groups", "netdev", "bob"]);
  installPolicies();
  await scene.startDaemon(systemBus);
  const order = () => asks("alice", "GetServiceOrder").stdout.trim();

  const initially = order();
  assert.match(initially, /vpn,ethernet/, "everybody may look");
  refused(asks("alice", "SetServiceOrder", "s", "wifi"), /password is needed.*\(org\.fairlead\.settings\)/);
  refused(asks("alice", "DisableTechnology", "s", "wifi"), /\(org\.fairlead\.control\)/);
  assert.equal(order(), initially);
  assert.equal(asks("bob", "SetServiceOrder", "s", "wifi").code, 0, "the shipped rule for netdev");
  assert.match(order(), /"wifi"/);
  assert.equal(run("systemctl", ["is-active", "polkit.service"]).trim(), "active", "the real one was asked");

  const name = ["call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName", "su"];
  refused(as("bob", "busctl", "--system", ...name, destination, "2"), /Access denied/);
});

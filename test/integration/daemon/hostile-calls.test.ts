import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CallError, variant } from "../../harness/bus-client.ts";
import { busName, type TestDaemon } from "../../harness/daemon.ts";
import { RawPeer } from "../bus/raw-peer.ts";
import { residentMiB } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

const flimflam = (name: string) => `org.chromium.flimflam.${name}`;

async function connectedDaemon(t: TestContext): Promise<{ daemon: TestDaemon; service: string }> {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  return { daemon, service: String(path) };
}

/** The error of a call that must fail: a name, and a text that a person can read. */
async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => assert.fail("it was not refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CallError, String(error));
  assert.ok(error.message.length < 500, `an error of ${error.message.length} characters`);
  assert.doesNotMatch(error.message, /\n|node_modules|\.ts:|TypeError/);
  return error.busName;
}

test("wrong types, unknown names and wrong paths are each refused by one clear error, and nothing changes", async (t) => {
  const { daemon, service } = await connectedDaemon(t);
  const before = await daemon.properties(service, "Service");
  const unsuitable: readonly (readonly [string, string, string, string, unknown[], RegExp])[] = [
    [service, flimflam("Service"), "SetProperty", "sv", ["Priority", variant("s", "5")], /InvalidArguments/],
    [service, flimflam("Service"), "SetProperty", "sv", ["Priority", variant("x", 5n)], /InvalidArguments/],
    [service, flimflam("Service"), "SetProperty", "sv", ["State", variant("s", "online")], /InvalidArguments/],
    [service, flimflam("Service"), "SetProperty", "sv", ["Nothing", variant("s", "")], /InvalidProperty/],
    [service, flimflam("Service"), "SetProperty", "sv", ["__proto__", variant("s", "")], /InvalidProperty/],
    [service, flimflam("Service"), "SetProperty", "ss", ["Priority", "5"], /InvalidArg|InvalidSignature/],
    [service, flimflam("Service"), "SetProperty", "", [], /InvalidArg|InvalidSignature/],
    [service, flimflam("Service"), "ClearProperty", "s", ["toString"], /InvalidProperty/],
    [service, flimflam("Service"), "constructor", "", [], /UnknownMethod/],
    [service, flimflam("Nothing"), "GetProperties", "", [], /UnknownInterface|UnknownMethod/],
    ["/service/99999", flimflam("Service"), "Connect", "", [], /UnknownObject|UnknownMethod/],
    ["/", flimflam("Manager"), "EnableTechnology", "s", ["teleport"], /InvalidArguments/],
    ["/", flimflam("Manager"), "ClaimInterface", "ss", ["me", "../../etc"], /InvalidArguments/],
    [
      "/",
      flimflam("Manager"),
      "SetProperty",
      "sv",
      ["DHCPProperty.Hostname", variant("s", "a\nb")],
      /InvalidArguments/,
    ],
    [
      "/",
      flimflam("Manager"),
      "SetProperty",
      "sv",
      ["ProhibitedTechnologies", variant("s", "x,y")],
      /InvalidArguments/,
    ],
    ["/", "org.freedesktop.DBus.Properties", "Get", "ss", [flimflam("Manager"), "hasOwnProperty"], /Unknown|Invalid/],
  ];
  for (const [path, interfaceName, member, signature, body, name] of unsuitable) {
    const told = await refusalOf(daemon.call(path, interfaceName, member, signature, body));
    assert.match(told, name, `${member} ${body[0]}`);
  }
  assert.deepEqual(await daemon.properties(service, "Service"), before);
});

/** The stock client takes minutes over a megabyte; this one sends it as it is. */
function callHuge(
  peer: RawPeer,
  path: string,
  interfaceName: string,
  member: string,
  signature: string,
  body: unknown[],
) {
  const message = { destination: busName, path, interface: interfaceName, member, signature, body };
  return peer.call(message).then(({ message: { errorName }, args }) => ({ errorName, text: String(args[0] ?? "") }));
}

test("names and values of a megabyte are refused with a short error, or kept", async (t) => {
  const { daemon, service } = await connectedDaemon(t);
  const peer = await RawPeer.connect(t, daemon.bus.address);
  const before = residentMiB(daemon.process.pid);
  const huge = "x".repeat(1_000_000);
  const text = (value: string) => ({ signature: "s", value });
  const addresses = { signature: "as", value: Array(100_000).fill("10.1.0.1") };
  const settings: readonly (readonly [string, string, unknown])[] = [
    [service, huge, text("")],
    [service, "CheckPortal", text(huge)],
    [service, "ONCSource", text(huge)],
    [service, "Name", text(huge)],
    [service, "StaticIPConfig", { signature: "a{sv}", value: new Map([["NameServers", addresses]]) }],
    ["/", "DHCPProperty.Hostname", text(huge)],
    ["/", "NoAutoConnectTechnologies", text(huge)],
  ];
  for (const [path, name, value] of settings) {
    const interfaceName = flimflam(path === "/" ? "Manager" : "Service");
    const told = await callHuge(peer, path, interfaceName, "SetProperty", "sv", [name, value]);
    assert.match(String(told.errorName), /Invalid(Arguments|Property)/, name);
    assert.ok(told.text.length < 500, `${name}: a text of ${told.text.length} characters`);
  }
  for (const member of ["EnableTechnology", "RequestScan", "SetServiceOrder", "ClaimInterface"]) {
    const twice = member === "ClaimInterface";
    const body = twice ? [huge, huge] : [huge];
    const told = await callHuge(peer, "/", flimflam("Manager"), member, twice ? "ss" : "s", body);
    assert.match(String(told.errorName), /InvalidArguments/, member);
    assert.ok(told.text.length < 500, `${member}: a text of ${told.text.length} characters`);
  }
  await untilState(daemon, "eth0", "ready");
  const grown = residentMiB(daemon.process.pid) - before;
  assert.ok(grown < 80, `${grown} MiB more`);
});

test("a message of 20 MB is refused, and the next call of the same client is answered", async (t) => {
  const { daemon, service } = await connectedDaemon(t);
  const peer = await RawPeer.connect(t, daemon.bus.address);
  const body = ["UIData", { signature: "s", value: "x".repeat(20_000_000) }];
  const told = await callHuge(peer, service, flimflam("Service"), "SetProperty", "sv", body);
  assert.match(String(told.errorName), /LimitsExceeded/);
  const next = await callHuge(peer, "/", flimflam("Manager"), "GetProperties", "", []);
  assert.equal(next.errorName, undefined);
  assert.equal((await daemon.properties(service, "Service")).UIData, "");
});

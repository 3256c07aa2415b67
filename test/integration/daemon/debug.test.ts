import assert from "node:assert/strict";
import { test } from "node:test";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startProcess, tryRun } from "../../harness/processes.ts";
import { commandLine } from "../cli/support.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

requirePrivateNamespace();
const allTags =
  "cellular+connection+connectivitydiagnostics+crypto+daemon+dbus+device+dhcp+dns+ethernet+http+inet+link+manager+" +
  "metrics+modem+portal+power+ppp+profile+property+resolver+route+rtnl+service+storage+task+tc+vpn+wifi";

test("level and tags as the debug script of shill's asks for them, over dbus-send; they survive a restart", async (t) => {
  const daemon = await startDaemon(t);
  const send = (member: string, ...args: string[]) => {
    const words = [`--bus=${daemon.bus.address}`, "--print-reply", "--dest=org.chromium.flimflam", "/"];
    const all = [...words, `org.chromium.flimflam.Manager.${member}`, ...args];
    const { code, stdout, stderr } = tryRun("dbus-send", all);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(send("GetDebugTags"), /^ {3}string ""$/m);
  assert.match(send("GetDebugLevel"), /^ {3}int32 0$/m);
  assert.match(send("ListDebugTags"), new RegExp(`string "${allTags.replaceAll("+", "\\+")}"`));
  send("SetDebugLevel", "int32:-4");
  send("SetDebugTags", "string:connection+dbus+device+link+manager+portal+service+wifi+nonsense");
  send("PersistDebugConfig", "boolean:true");
  assert.match(send("GetDebugTags"), /"connection\+dbus\+device\+link\+manager\+portal\+service\+wifi"/);
  await daemon.stop();
  await daemon.launch();
  assert.match(send("GetDebugLevel"), /int32 -4/);
  assert.match(send("GetDebugTags"), /"connection\+dbus/);
  send("PersistDebugConfig", "boolean:false");
  await daemon.stop();
  await daemon.launch();
  assert.match(send("GetDebugTags"), /string ""/);
});

test("fairlead log shows, follows and sets; fairlead report tells all, and masked no addresses", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  await daemon.setProperty(String(path), "Service", "UIData", "s", "an\u202eevil\u2028word\u200f");
  const [command = "", ...program] = commandLine();
  const fairlead = (...args: string[]) => {
    const { code, stdout, stderr } = tryRun(command, [...program, "--bus-address", daemon.bus.address, ...args]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(fairlead("log"), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d info daemon: fairleadd \S+ is ready: 1 devices$/m);
  assert.deepEqual(JSON.parse(fairlead("log", "--level", "debug", "--json")).level, "debug");
  assert.match(fairlead("log", "--level", "info", "--tags", "+dhcp"), /^tags {2}dhcp$/m);
  const words = [...program, "--bus-address", daemon.bus.address, "log", "--follow", "--json"];
  const follower = startProcess(command, words);
  t.after(() => follower.end());
  await follower.untilOutput(/is ready/);
  await daemon.call("/", "org.chromium.flimflam.Manager", "SetDebugLevel", "i", [99]);
  const [line] = await follower.untilOutput(/^\{.*there is no severity 99.*\}$/m);
  assert.deepEqual(Object.keys(JSON.parse(line)), ["number", "time", "level", "scope", "text"]);
  follower.kill("SIGINT");
  assert.equal((await follower.waitExit()).code, 0);

  const report = fairlead("report");
  for (const part of ["== versions", "== state", "== events", "== log", "== ip address", "10.1.0.1", "is ready"]) {
    assert.ok(report.includes(part), part);
  }
  assert.match(report, /an\ufffdevil\ufffdword/, "characters that turn lines around or end them are told as such");
  assert.doesNotMatch(report, /[\u200f\u2028\u202e]/);
  const masked = fairlead("report", "--mask");
  assert.doesNotMatch(masked, /10\.1\.0\.|not to be had.*log/);
  assert.match(masked, /<ipv4-1>.*<mac-|<mac-1>/s);
  assert.ok(JSON.parse(fairlead("report", "--json")).sections.length > 8);
});

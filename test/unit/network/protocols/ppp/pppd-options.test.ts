import assert from "node:assert/strict";
import { test } from "node:test";
import { type PppoeConfig, pppdCommand, pppdProgram } from "../../../../../src/network/protocols/ppp/pppd-options.ts";

const link = { index: 2, name: "eth0", mac: "02:00:00:00:00:01", mtu: 1500 };
const config: PppoeConfig = {
  userName: "alice",
  password: "open sesame",
  keepalive: { failures: 3, intervalSeconds: 10 },
  wantsDefaultRoute: true,
  wantsNameServers: true,
};
const command = (more: Partial<PppoeConfig> = {}) => pppdCommand(pppdProgram, link, { ...config, ...more }).join(" ");

test("the password is no argument, with any options", () => {
  assert.doesNotMatch(command({ accessConcentrator: "ac", serviceName: "gold", mtu: 1400 }), /sesame/);
  assert.match(command(), /passwordfd 0 user alice /);
});

test("pppd is kept away from default route, resolver, scripts and IPv6", () => {
  for (const word of ["nodefaultroute", "noproxyarp", "noipv6", "ip-up-script /bin/true", "ip-down-script /bin/true"]) {
    assert.ok(command().includes(word), word);
  }
  assert.doesNotMatch(command({ wantsNameServers: false }), /usepeerdns/);
});

test("a link or a name that reads as an option is none", () => {
  const argv = pppdCommand(
    pppdProgram,
    { ...link, name: "auth" },
    { ...config, userName: "debug", serviceName: "call" },
  );
  assert.ok(!argv.includes("auth") && argv.includes("nic-auth"));
  assert.deepEqual([argv[argv.indexOf("debug") - 1], argv[argv.indexOf("call") - 1]], ["user", "pppoe-service"]);
});

test("the MTU fits into the frames of the link below", () => {
  const mtu = (more: Partial<PppoeConfig>) => / mtu (\d+) mru \1 /.exec(command(more))?.[1];
  assert.deepEqual([mtu({}), mtu({ mtu: 1400 }), mtu({ mtu: 1500 })], ["1492", "1400", "1492"]);
});

test("a keepalive of none sends no echo", () => {
  assert.match(command(), /lcp-echo-failure 3 lcp-echo-interval 10$/);
  assert.match(command({ keepalive: { failures: 0, intervalSeconds: 5 } }), /lcp-echo-failure 0 lcp-echo-interval 0$/);
});

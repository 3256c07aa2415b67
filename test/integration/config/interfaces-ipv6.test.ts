/** Sections of UCI on a link whose router advertises itself. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";
import { ipv6Lan, server, startRouter } from "../daemon/advertising-router.ts";
import { addLan, serviceOn, startDaemon, untilState } from "../daemon/support.ts";

interface Status {
  readonly "ipv4-address": readonly { readonly address: string }[];
  readonly "ipv6-address": readonly { readonly address: string; readonly mask: number }[];
  readonly "dns-server": readonly string[];
  readonly route: readonly { readonly target: string; readonly nexthop: string }[];
}

async function startWith(t: TestContext, options: string) {
  const file = join(temporaryFolder(t), "network");
  const write = (text: string) => writeFileSync(file, `config interface lan\n option device eth0\n${text}`);
  write(options);
  return { daemon: await startDaemon(t, { args: ["--uci-config", file] }), write };
}
async function statusOf(daemon: TestDaemon): Promise<Status> {
  const { path } = (await serviceOn(daemon, "eth0")) ?? {};
  const [status] = await daemon.call(String(path), "org.fairlead.Interface1", "Status");
  return status as Status;
}
const untilAdvertised = (daemon: TestDaemon) =>
  until("addresses of the prefix are told", async () =>
    (await statusOf(daemon))["ipv6-address"].some(
      ({ address, mask }) => address.startsWith("2001:db8:1:") && mask === 64,
    ),
  );

test("proto dhcp: a lease and addresses of the router's prefix, in one Status", async (t) => {
  const { peer } = await addLan(t, "router");
  await startRouter(t, peer);
  const { daemon } = await startWith(t, " option proto dhcp\n");
  await untilState(daemon, "eth0", "ready");
  await until("a lease is told", async () => (await statusOf(daemon))["ipv4-address"].length === 1);
  await untilAdvertised(daemon);
  const { route, "dns-server": servers } = await statusOf(daemon);
  assert.deepEqual([...servers].sort(), ["10.1.0.53", server]);
  assert.deepEqual(
    route.filter(({ target }) => target === "0.0.0.0" || target === "::").map(({ target }) => target),
    ["0.0.0.0", "::"],
  );
});

test("proto static: its address at once, and those of the router's prefix beside it", async (t) => {
  await ipv6Lan(t);
  const { daemon } = await startWith(t, " option proto static\n option ipaddr 192.0.2.7/24\n");
  await untilState(daemon, "eth0", "ready");
  await untilAdvertised(daemon);
  const { "ipv4-address": ipv4, route } = await statusOf(daemon);
  assert.deepEqual(
    ipv4.map(({ address }) => address),
    ["192.0.2.7"],
  );
  assert.ok(route.some(({ target, nexthop }) => target === "::" && nexthop.startsWith("fe80::")));
});

test("option ipv6 0: no router is heard, until the section says otherwise", async (t) => {
  const { peer } = await addLan(t, "router");
  await startRouter(t, peer);
  const { daemon, write } = await startWith(t, " option proto dhcp\n option ipv6 0\n");
  await untilState(daemon, "eth0", "ready");
  const acceptsRouters = () => readFileSync("/proc/sys/net/ipv6/conf/eth0/accept_ra", "utf8").trim();
  assert.equal(acceptsRouters(), "0");
  write(" option proto dhcp\n");
  run("bin/fairlead", ["--bus-address", daemon.busAddress, "config", "reload"]);
  await untilAdvertised(daemon);
  assert.equal(acceptsRouters(), "2");
});

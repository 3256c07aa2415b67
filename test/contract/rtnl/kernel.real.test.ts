import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { after, before } from "node:test";
import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { ManagedProcess } from "../../../src/lab/world/processes.ts";
import { KernelRtnl } from "../../../src/rtnl/kernel.ts";
import type { KernelRequest, Link } from "../../../src/rtnl/rtnl.ts";
import { renderSnapshot } from "../../fakes/render-rtnl.ts";
import { addPeer, type Peer, requirePrivateNamespace } from "../../harness/namespace.ts";
import { sendAdvertisement } from "../../harness/router-advertisement.ts";
import { until } from "../../harness/until.ts";
import { rtnlCases } from "./cases.ts";
import { type RtnlHost, runCases } from "./rtnl-host.ts";

requirePrivateNamespace();

// Link-local addresses and address detection come when the kernel likes; the cases are about requests.
const quietIpv6 = { addr_gen_mode: "1", accept_dad: "0", accept_ra: "0" };
for (const conf of readdirSync("/proc/sys/net/ipv6/conf")) {
  for (const [name, value] of Object.entries(quietIpv6)) {
    writeFileSync(`/proc/sys/net/ipv6/conf/${conf}/${name}`, value);
  }
}

const clock = new ProcessClock();
let elsewhere: Peer;
let sleeper: ManagedProcess;
before(() => {
  elsewhere = addPeer("elsewhere");
  sleeper = elsewhere.spawn("sleep", ["600"]);
});
after(async () => {
  await sleeper.end();
  elsewhere.remove();
});

const makeRtnl = () => new KernelRtnl({ clock, log: silentLog });

/** Without the seconds that run on. */
const textOf = (rtnl: KernelRtnl): string => renderSnapshot(rtnl.snapshot).replace(/ (valid|preferred) \d+s/g, "");

async function freshText(): Promise<string> {
  const fresh = makeRtnl();
  await fresh.start();
  const text = textOf(fresh);
  fresh.close();
  return text;
}

/** Objects that the case made, and those of them that moved away. */
async function cleanUp(): Promise<void> {
  const broom = makeRtnl();
  await broom.start();
  const made = [...broom.snapshot.links.values()].filter(({ isLoopback }) => !isLoopback);
  for (const { index } of made)
    if (broom.snapshot.links.has(index)) await broom.request({ op: "delete-link", link: index });
  const routes = broom.snapshot.routes().filter(({ protocol }) => protocol === 87);
  await broom.batch(routes.map((route) => ({ op: "delete-route", route })));
  const rules = broom.snapshot.rules().filter(({ protocol }) => protocol === 87);
  await broom.batch(rules.map((rule) => ({ op: "delete-rule", rule })));
  broom.close();
}

async function realHost(): Promise<RtnlHost> {
  const rtnl = makeRtnl();
  const other = makeRtnl();
  return {
    rtnl,
    outside: (request: KernelRequest) =>
      (other.counters.deltas === 0 ? other.start() : Promise.resolve()).then(() => other.request(request)),
    setCarrier: (link, isPlugged) => {
      execFileSync("ip", ["link", "set", "dev", link.name, "carrier", isPlugged ? "on" : "off"]);
    },
    addNeighbour: (link: Link, address: string, mac: string) => {
      execFileSync("ip", ["neighbour", "add", address, "lladdr", mac, "dev", link.name, "nud", "permanent"]);
    },
    hearRouter: (link, ad) => {
      writeFileSync(`/proc/sys/net/ipv6/conf/${link.name}/accept_ra`, "2");
      sendAdvertisement(link.lowerLink as number, ad);
    },
    foreignPid: () => sleeper.pid,
    assertTrue: async () => {
      const isSame = async () => (await freshText()) === textOf(rtnl);
      // The texts themselves say more than that they differ.
      await until("the port shows what is there", isSame).catch(async () => {
        assert.equal(textOf(rtnl), await freshText());
      });
    },
    close: async () => {
      rtnl.close();
      other.close();
      await cleanUp();
    },
  };
}

runCases(realHost, rtnlCases);

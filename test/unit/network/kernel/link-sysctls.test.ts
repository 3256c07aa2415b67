import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../../../src/base/log.ts";
import { LinkSysctls, type Setting } from "../../../../src/network/kernel/link-sysctls.ts";
import { SettingsRecord } from "../../../../src/system/settings-record.ts";
import { FakeSysctls } from "../../../fakes/fake-sysctls.ts";
import { temporaryFolder } from "../../../harness/temporary-folder.ts";

const settings: readonly Setting[] = [
  { family: "ipv4", name: "arp_ignore", value: 1 },
  { family: "ipv6", name: "accept_ra", value: 0 },
];

function world(t: Parameters<typeof temporaryFolder>[0]) {
  const folder = join(temporaryFolder(t), "kept");
  const kernel = new FakeSysctls();
  kernel.addLink("eth0");
  kernel.setForLink("ipv6", "eth0", "accept_ra", 1);
  /** View of a daemon that starts now. */
  const run = (bootId = "boot-1") =>
    new LinkSysctls(kernel, silentLog, settings, new SettingsRecord({ folder, bootId, log: silentLog }));
  const now = () => settings.map(({ family, name }) => `${name}=${kernel.getForLink(family, "eth0", name)}`).join(" ");
  return { folder, kernel, run, now };
}

test("the values that an earlier run found are restored, over any later ones", (t) => {
  const { kernel, run, now } = world(t);
  run().hold("device", 2, "eth0");
  assert.equal(now(), "arp_ignore=1 accept_ra=0");
  // That run accepted routers for its network, and was killed.
  kernel.setForLink("ipv6", "eth0", "accept_ra", 2);
  const next = run();
  next.hold("device", 2, "eth0");
  assert.equal(now(), "arp_ignore=1 accept_ra=0");
  next.release("device", 2, "eth0");
  assert.equal(now(), "arp_ignore=0 accept_ra=1");
});

test("restored, it is forgotten: another program's value is the next original", (t) => {
  const { kernel, run, now } = world(t);
  const first = run();
  first.hold("device", 2, "eth0");
  first.release("device", 2, "eth0");
  kernel.setForLink("ipv4", "eth0", "arp_ignore", 8);
  const next = run();
  next.hold("device", 2, "eth0");
  next.release("device", 2, "eth0");
  assert.equal(now(), "arp_ignore=8 accept_ra=1");
});

test("a link that the next run does not hold is given back, one that is gone is forgotten", (t) => {
  const { run, now } = world(t);
  const first = run();
  first.hold("device", 2, "eth0");
  first.hold("device", 3, "gone0");
  const next = run();
  next.releaseUnheld((link) => (link === 2 ? "eth0" : undefined));
  assert.equal(now(), "arp_ignore=0 accept_ra=1");
  next.releaseUnheld(() => assert.fail("something is kept still"));
});

test("the record of another boot, and another program's, are nothing", (t) => {
  const { folder, kernel, run, now } = world(t);
  run().hold("device", 2, "eth0");
  const afterBoot = run("boot-2");
  kernel.setForLink("ipv4", "eth0", "arp_ignore", 0);
  kernel.setForLink("ipv6", "eth0", "accept_ra", 1);
  afterBoot.hold("device", 2, "eth0");
  const foreign = [
    "{",
    "null",
    '{"boot":"boot-2","settings":[{"family":"ipv4","name":"forwarding","value":1},{"family":"ipv4","name":"arp_ignore","value":"x"}]}',
  ];
  for (const text of foreign) {
    writeFileSync(join(folder, "2.json"), text);
    run("boot-2").releaseUnheld(() => "eth0");
    assert.equal(now(), "arp_ignore=1 accept_ra=0", text);
    assert.equal(kernel.getForLink("ipv4", "eth0", "forwarding"), 0);
  }
});

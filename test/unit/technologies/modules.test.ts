import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { technologies as technologyNames } from "../../../src/base/technology.ts";
import { technologyModules } from "../../../src/technologies/modules.ts";

const source = fileURLToPath(new URL("../../../src/", import.meta.url));

/** Files that may speak of a technology by its name, and why; a folder ends in a slash. */
const mayName: Readonly<Record<string, string>> = {
  "technologies/": "the rooms of the technologies",
  "base/technology.ts": "the table of names",
  "device-info/technology-decision.ts": "decides between all of them by what a link is",
  "manager/manager-settings.ts": "shill's property DisconnectWiFiOnEthernet",
  "manager/manager-properties.ts": "the same",
  "manager/debug-control.ts": "shill's log tags",
  "dbus/device-interface.ts": "shill's method SetUsbEthernetMacAddressSource",
  "cli/view/device-view.ts": "shill's property Ethernet.LinkUp",
  "cli/verbs/status.ts": "the same",
  "cli/view/service-view.ts": "a Type of Services that only hold settings",
  "cli/verbs/report.ts": "names that no person chose and that need no hiding",
  "network/protocols/": "the link layer by its name in RFC 826 and RFC 2131",
  "packet/": "the same",
  "rtnl/": "ARPHRD_ETHER of the kernel",
  "system/sysfs.ts": "the same",
  "lab/": "a client",
  "profiles/consents.ts": "an example of an entry",
  "cli/view/object-names.ts": "an example of what people call a Service",
};

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

test("no file outside the technologies' folders names one, but those with a reason", () => {
  const named = files.filter((file) => /ethernet/i.test(readFileSync(join(source, file), "utf8")));
  const excused = (file: string) =>
    Object.keys(mayName).some((name) => (name.endsWith("/") ? file.startsWith(name) : file === name));
  assert.deepEqual(
    named.filter((file) => !excused(file)),
    [],
  );
});

test("technologies know nothing of each other, and only the list of them is known to the rest", () => {
  const imported = /from "([^"]*technologies\/[^"]*)"/g;
  for (const file of files.filter((name) => !name.startsWith("technologies/"))) {
    for (const [, target = ""] of readFileSync(join(source, file), "utf8").matchAll(imported)) {
      assert.match(target, /technologies\/modules\.ts$/, file);
    }
  }
  for (const file of files.filter((name) => /^technologies\/.*\//.test(name))) {
    const text = readFileSync(join(source, file), "utf8");
    for (const [, up = "", target = ""] of text.matchAll(/from "((?:\.\.\/)+)([^"]*)"/g)) {
      const depth = file.split("/").length - 1 - up.split("/").length + 1;
      assert.notEqual(depth, 1, `${file} imports ${target} of another technology`);
    }
  }
});

test("each kind of Service and of Device is brought by one module, under a name of the table", () => {
  const services = technologyModules.flatMap((module) => module.services.map(({ technology }) => technology));
  const devices = technologyModules.flatMap(({ devices: kind }) => (kind ? [kind.technology] : []));
  for (const names of [services, devices]) {
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.ok(technologyNames.includes(name), name);
  }
});

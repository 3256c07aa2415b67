import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../../harness/processes.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

const fairlead = fileURLToPath(new URL("../../../bin/fairlead", import.meta.url));
const secret = "a-word-that-nobody-else-says";
const entry = "wifi_any_686f6d65_managed_psk";

test("a stored secret is found only in the file and in an export that asks for it", async (t) => {
  await addLan(t, "home");
  const daemon = await startDaemon(t, { args: ["--log-level", "debug"] });
  const { path } = await untilState(daemon, "eth0", "ready");
  const options = ["--bus-address", daemon.bus.address];
  const own = (...words: string[]) => run(process.execPath, [fairlead, ...words, ...options]);

  const text = `${own("profile", "export", "default")}\n[${entry}]\nType = "wifi"\nName = "home"\nWiFi.Passphrase = "${secret}"\n`;
  run("sh", ["-c", `printf '%s\\n' "$1" | "$0" profile import default ${options.join(" ")}`, fairlead, text]);
  await daemon.setProperty(String(path), "Service", "UIData", "s", "looked at");
  // Errors quote what is wrong, not the value.
  const broken = text.replace('Name = "home"', "Name = home");
  const importing = `printf '%s\\n' "$1" | "$0" profile import default ${options.join(" ")} 2>&1 || true`;
  const refusal = run("sh", ["-c", importing, fairlead, broken.replace(`"${secret}"`, `${secret}"`)]);

  const flimflam = (kind: string) => `org.chromium.flimflam.${kind}`;
  const json = (value: unknown) =>
    JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? String(item) : item));
  const asked: Record<string, string> = {
    "the refusal of a broken text": refusal,
    GetEntry: json(await daemon.call("/profile/default", flimflam("Profile"), "GetEntry", "s", [entry])),
    "properties of the Manager": json(await daemon.manager()),
    "properties of the Profile": json(await daemon.properties("/profile/default", "Profile")),
    GetManagedObjects: json(await daemon.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")),
    signals: json(daemon.client.signals.map(({ member, args }) => [member, args])),
    "fairlead dump": own("dump"),
    "fairlead report": own("report"),
    "fairlead log": own("log"),
    "an export": own("profile", "export", "default"),
    "the daemon's log": daemon.log(),
    "the daemon's arguments": readFileSync(`/proc/${daemon.process.pid}/cmdline`, "latin1"),
    "the daemon's environment": readFileSync(`/proc/${daemon.process.pid}/environ`, "latin1"),
  };
  for (const [where, found] of Object.entries(asked)) {
    assert.ok(found.length > 0, `${where} says something`);
    assert.ok(!found.includes(secret), `${where} tells the secret`);
  }
  assert.match(asked.GetEntry ?? "", /"Type":"wifi"/);
  assert.match(asked["an export"] ?? "", /# WiFi\.Passphrase: kept back/);
  assert.match(own("profile", "export", "default", "--secrets"), new RegExp(secret));
});

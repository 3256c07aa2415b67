import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { variant } from "../../harness/bus-client.ts";
import { run } from "../../harness/processes.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

const fairlead = fileURLToPath(new URL("../../../bin/fairlead", import.meta.url));
const secret = "a-word-that-nobody-else-says";
const replaced = "a-word-that-was-said-before";
const entry = "wifi_any_686f6d65_managed_psk";

test("a stored secret is found only in the file and in an export that asks for it", async (t) => {
  await addLan(t, "home");
  const daemon = await startDaemon(t, { args: ["--log-level", "debug"] });
  const { path } = await untilState(daemon, "eth0", "ready");
  const options = ["--bus-address", daemon.bus.address];
  const own = (...words: string[]) => run(process.execPath, [fairlead, ...words, ...options]);

  const text = `${own("profile", "export", "default")}\n[${entry}]\nType = "wifi"\nUIData = "home"\nPassphrase = "${secret}"\n`;
  run("sh", ["-c", `printf '%s\\n' "$1" | "$0" profile import default ${options.join(" ")}`, fairlead, text]);
  await daemon.setProperty(String(path), "Service", "UIData", "s", "looked at");
  const flimflam = (kind: string) => `org.chromium.flimflam.${kind}`;
  // The credentials of 802.1X on cables, by a client's own way; a replaced one is nowhere any more.
  const configure = (password: string) => {
    const properties = { Type: variant("s", "etherneteap"), "EAP.Password": variant("s", password) };
    return daemon.call("/", flimflam("Manager"), "ConfigureService", "a{sv}", [properties]);
  };
  await configure(replaced);
  const [eap] = await configure(secret);
  // Errors quote the fault, not the value.
  const broken = text.replace('Name = "home"', "Name = home");
  const importing = `printf '%s\\n' "$1" | "$0" profile import default ${options.join(" ")} 2>&1 || true`;
  const refusal = run("sh", ["-c", importing, fairlead, broken.replace(`"${secret}"`, `${secret}"`)]);

  const json = (value: unknown) =>
    JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? String(item) : item));
  const asked: Record<string, string> = {
    "the refusal of a broken text": refusal,
    GetEntry: json(await daemon.call("/profile/default", flimflam("Profile"), "GetEntry", "s", [entry])),
    "GetEntry of 802.1X": json(
      await daemon.call("/profile/default", flimflam("Profile"), "GetEntry", "s", ["etherneteap_all"]),
    ),
    "properties of 802.1X": json(await daemon.properties(String(eap), "Service")),
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
  assert.match(asked["an export"] ?? "", /^# Passphrase: kept back/m);
  assert.match(asked["an export"] ?? "", /# EAP\.Password: kept back/);
  const withSecrets = own("profile", "export", "default", "--secrets");
  assert.match(withSecrets, new RegExp(`^Passphrase = "${secret}"`, "m"));
  assert.match(withSecrets, new RegExp(`EAP\\.Password = "${secret}"`));
  assert.deepEqual(await daemon.call(String(eap), flimflam("Service"), "GetEapPassphrase"), [secret]);
  const inFiles = readdirSync(daemon.stateDir, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"))
    .join("");
  assert.ok(inFiles.includes(secret), "where it is stored");
  assert.ok(!inFiles.includes(replaced), "a replaced value is unreadable on disk");
});

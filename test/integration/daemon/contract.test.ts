import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ContractRow, contract } from "../../conformance/contract.ts";
import { presence } from "../../conformance/page.ts";
import { CallError, variant } from "../../harness/bus-client.ts";
import { busName } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { addLan, serviceOn, startDaemon, untilState } from "./support.ts";

const flimflam = (kind: string) => `org.chromium.flimflam.${kind}`;
const error = (name: string, text?: RegExp) => (thrown: unknown) =>
  thrown instanceof CallError && thrown.busName === flimflam(`Error.${name}`) && (!text || text.test(thrown.message));

/** A value of another type than `signature`, and the words for it in the refusal. */
const wrongType = (signature: string | undefined) =>
  signature === "s"
    ? ({ value: variant("b", true), words: "a bool" } as const)
    : ({ value: variant("s", "x"), words: "a string" } as const);

test("every property: in GetProperties with its type, refused of another type, by an unknown name, and as read-only unless it has the value", async (t) => {
  await addLan(t, "server");
  const daemon = await startDaemon(t);
  const service = String((await untilState(daemon, "eth0", "ready")).path);
  const [ipConfig = ""] = (await daemon.properties("/device/eth0", "Device")).IPConfigs as string[];
  const objects = {
    Manager: "/",
    Device: "/device/eth0",
    Service: service,
    "Service with 802.1X": await eapService(daemon),
    Profile: "/profile/default",
    IPConfig: ipConfig,
  };
  let asked = 0;
  for (const [heading, path] of Object.entries(objects)) {
    const [kind = ""] = heading.split(" ", 1);
    const text = run("gdbus", [
      "call",
      "-a",
      daemon.bus.address,
      "-d",
      busName,
      "-o",
      path,
      "-m",
      `${flimflam(kind)}.GetProperties`,
    ]);
    const got = await daemon.properties(path, kind);
    const set = (name: string, value: unknown) => daemon.call(path, flimflam(kind), "SetProperty", "sv", [name, value]);
    const properties = (contract.get(heading) ?? []).filter((row): row is ContractRow => row.kind === "property");
    for (const row of properties) {
      const here = presence(kind, row);
      const where = `${kind}.${row.name}`;
      if (!here) {
        assert.ok(!(row.name in got), `${where} is absent`);
        await assert.rejects(set(row.name, variant("s", "")), error("InvalidProperty", /does not exist\.$/), where);
        continue;
      }
      asked++;
      const isReadable = here.access.includes("r");
      assert.equal(row.name in got, isReadable, `${where} has a value`);
      assert.equal(text.includes(`'${row.name}': <`), isReadable, where);
      const { value, words } = wrongType(row.signature);
      await assert.rejects(
        set(row.name, value),
        error("InvalidArguments", new RegExp(`Property ${row.name} is not ${words}\\.$`)),
        where,
      );
      if (!here.access.includes("w")) {
        const other = variant(row.signature ?? "", otherValue(row.signature, got[row.name]));
        await assert.rejects(set(row.name, other), error("InvalidArguments", /read-only/), where);
        if (row.signature !== "a{sv}")
          assert.deepEqual(await set(row.name, variant(row.signature ?? "", got[row.name])), [], where);
      }
    }
  }
  assert.ok(asked > 98, `${asked} properties were asked for`);
});

/** The Service that holds the credentials of cables for 802.1X. */
async function eapService(daemon: Awaited<ReturnType<typeof startDaemon>>): Promise<string> {
  const type = { Type: variant("s", "etherneteap") };
  return String((await daemon.call("/", flimflam("Manager"), "GetService", "a{sv}", [type]))[0]);
}

function otherValue(signature: string | undefined, value: unknown): unknown {
  if (signature === "b") return !value;
  if (signature === "t") return (value as bigint) + 1n;
  if (signature === "y") return (value as number) ^ 1;
  if (signature === "o") return `${value === "/" ? "" : value}/other`;
  if (signature === "ao") return [...(value as string[]), "/other"];
  if (signature === "as") return [...(value as string[]), "other"];
  if (signature === "aa{sv}" || signature === "a{sv}")
    return signature === "a{sv}" ? { other: variant("s", "") } : [{}];
  return typeof value === "number" ? value + 1 : `${value}other`;
}

test("methods of the Manager and of a Service answer what the contract says", async (t) => {
  const { peer } = await addLan(t, "server");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  const service = String(path);
  const manager = (member: string, signature = "", body: unknown[] = []) =>
    daemon.call("/", flimflam("Manager"), member, signature, body);
  const onService = (member: string, signature = "", body: unknown[] = []) =>
    daemon.call(service, flimflam("Service"), member, signature, body);

  assert.deepEqual(await manager("GetNetworksForGeolocation"), [{ wifiAccessPoints: [], cellTowers: [] }]);
  assert.deepEqual(await manager("GetWiFiNetworksForGeolocation"), [{ wifiAccessPoints: [] }]);
  assert.deepEqual(await manager("GetCellularNetworksForGeolocation"), [{ cellTowers: [] }]);
  assert.deepEqual(await manager("SetLOHSEnabled", "b", [true]), [flimflam("Error.NotImplemented")]);
  assert.deepEqual(await manager("NotifyDHCPEvent", "a{ss}", [{ Pid: "1", Reason: "BOUND" }]), []);
  await assert.rejects(manager("TestHostsConnectivity", "asa{sv}", [["host.example"], {}]), error("NotImplemented"));
  await manager("SetCapportEnabled", "b", [false]);
  await manager("RecheckPortal");
  await manager("CreateConnectivityReport");
  await until("the report is in the log", () =>
    /connectivity: eth0: ready, rank 0; address 10\.1\.0\./.test(daemon.log()),
  );

  await assert.rejects(onService("GetWiFiPassphrase"), error("NotImplemented"));
  await assert.rejects(onService("GetEapPassphrase"), error("IllegalOperation"));
  await onService("RequestPortalDetection");

  // Traffic: counted by the kernel, kept over a restart, and back at nothing when asked to.
  const counted = async () =>
    ((await onService("RequestTrafficCounters"))[0] as { source: string; rx_bytes: bigint }[])[0];
  const ping = peer.spawn("ping", ["-c", "3", "-i", "0.2", "-s", "1000", await kernelAddress(daemon)]);
  assert.equal((await ping.waitExit()).code, 0, ping.output());
  const first = await counted();
  assert.equal(first?.source, "UNKNOWN");
  assert.ok((first?.rx_bytes ?? 0n) >= 3000n, String(first?.rx_bytes));
  await onService("ResetTrafficCounters");
  assert.ok(((await counted())?.rx_bytes ?? 0n) < (first?.rx_bytes ?? 0n));
  assert.notEqual((await daemon.properties(service, "Service")).TrafficCounterResetTime, 0n);

  // The best Service, except for one that a client disconnected.
  await onService("Disconnect");
  await until("idle", async () => (await serviceOn(daemon, "eth0"))?.State === "idle");
  await assert.rejects(onService("RequestPortalDetection"), error("Failure"));
  await manager("ScanAndConnectToBestServices");
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "idle");
});

test("a DNS proxy takes the place of the network's name servers while the machine is online", async (t) => {
  await addLan(t, "server");
  const daemon = await startDaemon(t);
  const manager = (member: string, signature = "", body: unknown[] = []) =>
    daemon.call("/", flimflam("Manager"), member, signature, body);
  await daemon.setProperty("/", "Manager", "CheckPortalList", "s", "");
  await untilState(daemon, "eth0", "online");
  const nameServers = () => readFileSync(join(daemon.runDir, "resolv.conf"), "utf8").match(/(?<=^nameserver ).+$/gm);
  const own = await until("there are name servers", nameServers);
  await manager("SetDNSProxyAddresses", "as", [["100.115.92.2", "fd00::2"]]);
  assert.deepEqual(nameServers(), ["100.115.92.2", "fd00::2"]);
  await assert.rejects(manager("SetDNSProxyAddresses", "as", [["not an address"]]), error("InvalidArguments"));
  assert.deepEqual(nameServers(), own, "cleared");
  await manager("SetDNSProxyAddresses", "as", [["127.0.0.53"]]);
  await manager("ClearDNSProxyAddresses");
  assert.deepEqual(nameServers(), own);

  const providers = { "https://dns.example/dns-query": variant("s", "192.0.2.53") };
  await manager("SetDNSProxyDOHProviders", "a{sv}", [providers]);
  assert.deepEqual((await daemon.manager()).DNSProxyDOHProviders, { "https://dns.example/dns-query": "192.0.2.53" });
});

test("methods of a Device, an IPConfig and a Service answer what the contract says", async (t) => {
  await addLan(t, "server");
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  const [config = ""] = (await daemon.properties("/device/eth0", "Device")).IPConfigs as string[];
  const device = (member: string, signature = "", body: unknown[] = []) =>
    daemon.call("/device/eth0", flimflam("Device"), member, signature, body);
  await assert.rejects(device("SetUsbEthernetMacAddressSource", "s", ["usb_adapter_mac"]), error("IllegalOperation"));
  assert.deepEqual(await device("RequestRoam", "s", ["00:11:22:33:44:55"]), [], "nothing to roam on a cable");
  await assert.rejects(device("ClearProperty", "s", ["Powered"]), error("InvalidArguments"));
  await assert.rejects(device("ClearProperty", "s", ["Nonsense"]), error("InvalidProperty"));
  await assert.rejects(daemon.call(config, flimflam("IPConfig"), "Remove"), error("NotImplemented"));
  await assert.rejects(
    daemon.call(config, flimflam("IPConfig"), "ClearProperty", "s", ["Address"]),
    error("InvalidArguments"),
  );
  const service = (member: string, signature: string, body: unknown[]) =>
    daemon.call(String(path), flimflam("Service"), member, signature, body);
  // Goes on after a refusal; types that no setting has are passed over.
  const several = {
    Priority: variant("i", 4),
    CheckPortal: variant("s", "never"),
    UIData: variant("s", "x"),
    Strength: variant("y", 1),
  };
  await assert.rejects(
    service("SetProperties", "a{sv}", [several]),
    error("InvalidArguments", /CheckPortal must be one of/),
  );
  const changed = await daemon.properties(String(path), "Service");
  assert.deepEqual([changed.Priority, changed.UIData, changed.CheckPortal], [4, "x", "auto"]);
  assert.deepEqual(await service("ClearProperties", "as", [["Priority", "Nonsense", "State", "UIData"]]), [
    [true, false, false, true],
  ]);
  assert.deepEqual(await service("GetLoadableProfileEntries", "", []), [{ "/profile/default": "ethernet_any" }]);
  const cleared = await daemon.properties(String(path), "Service");
  assert.deepEqual([cleared.Priority, cleared.UIData], [0, ""]);
});

const kernelAddress = async (daemon: Awaited<ReturnType<typeof startDaemon>>): Promise<string> => {
  const [config = ""] = (await daemon.properties("/device/eth0", "Device")).IPConfigs as string[];
  return String((await daemon.properties(config, "IPConfig")).Address);
};

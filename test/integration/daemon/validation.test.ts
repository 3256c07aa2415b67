import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { childModule } from "../../harness/child-module.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { portalUrl, probeCertificate, probeHost } from "../../harness/probe-certificate.ts";
import type { ManagedProcess } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";
import { json, output } from "../cli/support.ts";
import { defaultLinks } from "./kernel-view.ts";
import { addLan, type Lan, type LanOptions, serviceOn, startDaemon, untilState } from "./support.ts";

type Mode = "open" | "portal" | "page" | "redirect without a Location" | "silent";

interface Web extends Lan {
  readonly server: Lan["server"];
  readonly web: ManagedProcess;
  answer(mode: Mode): void;
}

/** A router with a name server that knows the probed host, and web servers on it. `refused`: nothing listens there. */
async function addWeb(t: TestContext, name: string, mode: Mode | "refused", options: LanOptions = {}): Promise<Web> {
  const net = options.net ?? "10.1.0";
  const router = `${net}.1`;
  const lan = await addLan(t, name, { ...options, dhcp: { options: [`option:dns-server,${router}`] } });
  const names = lan.peer.spawn("dnsmasq", [
    ...["--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--user=root", "--group=", "--pid-file="],
    ...["--no-resolv", "--no-hosts", "--bind-interfaces", `--listen-address=${router}`],
    `--address=/${probeHost}/${mode === "refused" ? `${net}.2` : router}`,
  ]);
  t.after(() => names.end());
  await names.untilOutput(/started/);
  const file = join(temporaryFolder(t), "mode");
  writeFileSync(file, mode);
  const web = lan.peer.spawn(process.execPath, [
    await childModule(t, "test/integration/daemon/probe-server.ts"),
    router,
    file,
  ]);
  t.after(() => web.end());
  for (const port of [80, 443]) await web.untilOutput(new RegExp(`listens on ${port}`));
  return { ...lan, web, answer: (next) => writeFileSync(file, next) };
}

function startProbing(t: TestContext): Promise<TestDaemon> {
  const certificate = join(temporaryFolder(t), "certificate.pem");
  writeFileSync(certificate, probeCertificate);
  return startDaemon(t, {
    args: ["--portal-http-url", `http://${probeHost}/204`, "--portal-https-url", `https://${probeHost}/204`],
    env: { NODE_EXTRA_CA_CERTS: certificate },
  });
}
const probes = (web: ManagedProcess) => web.output().split("asked http ").length - 1;

test("204 over http and an answer over https: online, asked once, by a name that tells no machine from another", async (t) => {
  const { web } = await addWeb(t, "router", "open");
  const daemon = await startProbing(t);
  await untilState(daemon, "eth0", "online");
  assert.equal((await daemon.manager()).ConnectionState, "online");
  assert.equal(probes(web), 1);
  assert.match(web.output(), /^asked http open Mozilla\/5\.0 \(X11; Linux x86_64\)/m);
  assert.match(
    output(daemon, "why", "eth0"),
    /The last probe for the internet was at .*: probe\.test \(http\) answers 204/,
  );
});

for (const [mode, url] of [
  ["portal", portalUrl],
  ["page", `http://${probeHost}/204`],
  ["redirect without a Location", `http://${probeHost}/204`],
] as const) {
  test(`a web server that answers with a ${mode}: redirect-found with its ProbeUrl; online by itself once it opens`, async (t) => {
    const { answer } = await addWeb(t, "router", mode);
    const daemon = await startProbing(t);
    assert.equal((await untilState(daemon, "eth0", "redirect-found")).ProbeUrl, url);
    const { hints } = json(daemon, "status") as { hints: string[] };
    assert.ok(
      hints[0]?.startsWith(`eth0 is behind a portal; log in with a browser at ${url}. The last probe`),
      hints[0],
    );
    answer("open");
    assert.equal((await untilState(daemon, "eth0", "online")).ProbeUrl, "");
  });
}

test("the personal part of a portal's address is for clients, and not for the log, a dump or a report", async (t) => {
  await addWeb(t, "router", "portal");
  const daemon = await startProbing(t);
  assert.equal((await untilState(daemon, "eth0", "redirect-found")).ProbeUrl, portalUrl);
  await until("the log tells of it", () => daemon.log().includes("portal.test"));
  const told = { log: daemon.log(), dump: output(daemon, "dump"), report: output(daemon, "report") };
  for (const [where, text] of Object.entries(told)) {
    assert.ok(text.includes("portal.test"), where);
    assert.ok(!text.includes("of-alice"), where);
  }
});

test("a portal that opened is found at once by RequestPortalDetection and by RecheckPortal", async (t) => {
  const { answer, web } = await addWeb(t, "router", "portal");
  const daemon = await startProbing(t);
  const { path } = await untilState(daemon, "eth0", "redirect-found");
  // The third attempt is past: the next one comes by itself in twelve seconds.
  await until("three attempts were made", () => probes(web) >= 3);
  answer("open");
  await daemon.call(String(path), "org.chromium.flimflam.Service", "RequestPortalDetection");
  await untilState(daemon, "eth0", "online", 6_000);
  answer("portal");
  await daemon.call("/", "org.chromium.flimflam.Manager", "RecheckPortal");
  await untilState(daemon, "eth0", "redirect-found", 6_000);
});

test("servers that are silent, or refuse: no-connectivity; an answer that is late finds it all the same", async (t) => {
  await addWeb(t, "silence", "silent");
  await addWeb(t, "refusal", "refused", { link: "eth1", net: "10.2.0" });
  const daemon = await startProbing(t);
  await untilState(daemon, "eth1", "no-connectivity");
  await untilState(daemon, "eth0", "no-connectivity", 30_000);
  const reason = async (link: string) => {
    const { path } = (await serviceOn(daemon, link)) as { path: string };
    const [reasons] = await daemon.call(path, "org.fairlead.Service1", "Why");
    return (reasons as { Validation: string }).Validation;
  };
  assert.match(await reason("eth0"), /probe\.test \(http\) does not answer: no answer within 10000 ms/);
  assert.match(await reason("eth1"), /probe\.test \(http\) does not answer: .*(ECONNREFUSED|EHOSTUNREACH)/);
});

test("failover: the cable that is online is the way out, and it changes with what the probes find", async (t) => {
  const first = await addWeb(t, "home", "open");
  await addWeb(t, "office", "open", { link: "eth1", net: "10.2.0" });
  const daemon = await startProbing(t);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "online");
  const { path } = (await serviceOn(daemon, "eth0")) as { path: string };
  await daemon.setProperty(path, "Service", "Priority", "i", 5);
  const isWayOut = (link: string) => defaultLinks()[0] === link;
  await until("the preferred cable is the way out", () => isWayOut("eth0"));
  first.answer("portal");
  await daemon.call(path, "org.chromium.flimflam.Service", "RequestPortalDetection");
  await until("the cable that is online is the way out", () => isWayOut("eth1"));
  assert.equal((await daemon.manager()).DefaultService, (await serviceOn(daemon, "eth1"))?.path);
  first.answer("open");
  await until("the preferred cable is it again, without a call", () => isWayOut("eth0"));
});

test("a probe stays on its own link, whichever is the way out", async (t) => {
  const first = await addWeb(t, "home", "open");
  const second = await addWeb(t, "office", "portal", { link: "eth1", net: "10.2.0" });
  const daemon = await startProbing(t);
  await untilState(daemon, "eth0", "online");
  await untilState(daemon, "eth1", "redirect-found");
  await until("the portal was asked again", () => probes(second.web) >= 2);
  assert.equal(probes(first.web), 1);
});

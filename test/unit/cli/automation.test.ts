import assert from "node:assert/strict";
import { test } from "node:test";
import { scene } from "./daemon-scene.ts";

const inRange = "condition=ip-address is-in-range 192.0.2.0/24";

test("a location is created, listed, shown, enabled, disabled and destroyed", async (t) => {
  const { it, run, json } = await scene(t);
  assert.deepEqual(
    await run("location", "create", "home", inRange, "dns=203.0.113.53,203.0.113.54", "search=corp.example"),
    {
      code: 0,
      out: "",
      err: "",
    },
  );
  assert.deepEqual([it.nameServers, it.searchDomains], [["203.0.113.53", "203.0.113.54"], ["corp.example"]]);
  assert.match((await run("location", "list")).out, /^home +online +active +conditional-any +ip-address is-in-range/m);
  assert.equal((await json("location", "show", "HOME")).state, "online");
  assert.equal((await run("location", "enable", "automatic")).code, 0);
  assert.match((await run("location", "list")).out, /^Automatic +online +active +system +it is enabled by hand$/m);
  assert.equal((await run("location", "disable", "Automatic")).code, 0);
  assert.equal((await run("location", "destroy", "home")).code, 0);
  const { locations } = (await json("location", "list")) as { locations: { name: string }[] };
  assert.deepEqual(
    locations.map(({ name }) => name),
    ["NoNet", "Automatic"],
  );
});

test("why location names the condition that decided and the runner-up", async (t) => {
  const { run, json } = await scene(t);
  await run("location", "create", "home", inRange);
  await run("location", "create", "far", "condition=ip-address is 198.51.100.1");
  const { out } = await run("why", "location");
  assert.match(
    out,
    /^The Location is home: ip-address is-in-range 192\.0\.2\.0\/24 \(ip-address: 192\.0\.2\.10\), rating 6\.$/m,
  );
  assert.match(out, /^Next would come Automatic: no other Location is enabled, and no conditions hold\.$/m);
  assert.match(out, /^far: not so: ip-address is 198\.51\.100\.1 \(ip-address: 192\.0\.2\.10\)\.$/m);
  const { location, runnerUp } = await json("why", "location");
  assert.deepEqual([location, (runnerUp as { location: string }).location], ["home", "Automatic"]);
});

test("why names the Location as the author of the name servers that it brings", async (t) => {
  const { run, json } = await scene(t);
  await run("location", "create", "home", inRange, "dns=203.0.113.53");
  assert.match((await run("why")).out, /^Names are asked of 203\.0\.113\.53, as the Location home says\.$/m);
  assert.deepEqual((await json("why")).nameServers, [
    { address: "203.0.113.53", link: "", source: "the Location home" },
  ]);
  await run("location", "destroy", "home");
  assert.match((await run("why")).out, /^Names are asked of .*, as DHCP on eth0 says\.$/m);
});

test("a fault is told with its place, and nothing is made", async (t) => {
  const { run } = await scene(t);
  const bad = await run("location", "create", "x", "condition=essid like Home");
  assert.deepEqual([bad.code, /condition 1: column 7/.test(bad.err)], [1, true], bad.err);
  assert.equal((await run("location", "create", "x", "colour=blue")).code, 2);
  assert.equal((await run("location", "create", "x", "mode=some")).code, 2);
  assert.equal((await run("location", "create")).code, 2);
  assert.match((await run("location", "enable", "nowhere")).err, /no location is called "nowhere"/);
  assert.equal((await run("location", "dance", "x")).code, 2);
  assert.equal((await run("location", "destroy", "NoNet")).code, 1);
  for (const [word, message] of [
    ["dns=ns.example", /NameServers: "ns\.example" is no IP address/],
    ["search=a..b", /SearchDomains: "a\.\.b" is no name of a domain/],
    ["profile=work", /no Profile on the stack is "\/profile\/work"/],
  ] as const) {
    const { code, err } = await run("location", "create", "x", word);
    assert.equal(code, 1);
    assert.match(err, message);
  }
});

test("a modifier is created and run; its exit code and last line are shown", async (t) => {
  const { it, run, json } = await scene(t);
  it.processes.install("/opt/vpn", (program) => {
    program.print("no gateway\n");
    program.exit(program.argv[1] === "up" ? 7 : 0);
  });
  assert.equal((await run("modifier", "list")).out, "There are no modifiers.\n");
  await run("modifier", "create", "vpn", "start=/opt/vpn up", "stop=/opt/vpn down");
  assert.equal((await run("modifier", "enable", "vpn")).code, 0);
  const { state, lastExit, lastOutput } = await json("modifier", "show", "vpn");
  assert.deepEqual([state, lastExit, lastOutput], ["maintenance", 7, "no gateway"]);
  assert.match(
    (await run("modifier", "list")).out,
    /^vpn +maintenance +method-failed +manual +start: exit code 7: no gateway$/m,
  );
  await run("modifier", "destroy", "vpn");
  assert.equal((await run("modifier", "list")).out, "There are no modifiers.\n");
});

test("policies are listed with the one in force and its group, and enabled by name", async (t) => {
  const { run } = await scene(t);
  assert.match((await run("policy", "list")).out, /^All +active/m);
  assert.equal((await run("policy", "enable", "automatic")).code, 0);
  assert.match((await run("policy", "list")).out, /^Automatic +active +0$/m);
  assert.equal((await run("policy", "enable", "User")).code, 2);
});

test("status shows the location where it is not what holds by itself", async (t) => {
  const { it, run, json } = await scene(t);
  const line = async () => /^Location .*$/m.exec((await run("status")).out)?.[0];
  const { location, locationBecause } = await json("status");
  assert.deepEqual([location, locationBecause], ["Automatic", "no other Location is enabled, and no conditions hold"]);
  assert.equal(await line(), undefined);
  await run("location", "create", "home", inRange);
  assert.match((await line()) ?? "", /^Location home: ip-address is-in-range 192\.0\.2\.0\/24 .*, rating 6$/);
  await run("location", "enable", "Automatic");
  assert.equal(await line(), "Location Automatic: it is enabled by hand");
  await run("location", "disable", "Automatic");
  it.kernel.unplug("eth0");
  await it.clock.advanceSettled(5_000);
  assert.equal((await json("status")).location, "NoNet");
  assert.equal(await line(), undefined);
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(5_000);
  await run("location", "create", "strict", "filter=/nowhere/filter");
  await run("location", "enable", "strict");
  assert.match((await line()) ?? "", /^Location NoNet: /);
});

test("names of locations and policies complete where an action takes one", async (t) => {
  const { run } = await scene(t);
  await run("location", "create", "home", inRange);
  const complete = async (line: string) =>
    (await run("__complete", "--", `fairlead ${line}`)).out.split("\n").slice(0, -1);
  assert.deepEqual(await complete("location show "), ["NoNet", "Automatic", "home"]);
  assert.deepEqual(await complete("location create "), []);
  assert.deepEqual(await complete("policy enable A"), ["All", "Automatic"]);
});

test("location, modifier and policy without an action list", async (t) => {
  const { run } = await scene(t);
  for (const verb of ["location", "modifier", "policy"]) assert.deepEqual(await run(verb), await run(verb, "list"));
});

test("a condition is checked and evaluated, as one word or as several", async (t) => {
  const { run } = await scene(t);
  assert.equal((await run("condition", "check", "essid", "is", "My Home")).out, 'essid is "My Home"\n');
  const holds = await run("condition", "eval", inRange.slice("condition=".length));
  assert.deepEqual([holds.code, holds.out], [0, "true: ip-address: 192.0.2.10\n"]);
  const fails = await run("condition", "eval", "link", "eth0", "is-not", "active");
  assert.deepEqual([fails.code, fails.out], [1, "false: link eth0 is active\n"]);
  const bad = await run("condition", "check", "ip-address", "is-in-range", "10.0.0.0/99");
  assert.deepEqual([bad.code, /column 24/.test(bad.err)], [1, true]);
});

test("a location that is not chosen is listed with the present reason", async (t) => {
  const { run } = await scene(t);
  await run("location", "create", "far", "condition=ip-address is 198.51.100.1");
  const lines = (await run("location", "list")).out;
  assert.match(lines, /^far +offline .* not so: ip-address is 198\.51\.100\.1 \(ip-address: 192\.0\.2\.10\)$/m);
  assert.match(lines, /^NoNet +offline +conditions-not-met +system +Automatic was chosen$/m);
});

test("the help of condition shows conditions that the daemon takes", async (t) => {
  const { run } = await scene(t);
  const { out } = await run("condition", "--help");
  const shown = [...out.replace(/\s+/g, " ").matchAll(/'([^']+)'/g)].map(([, text = ""]) => text);
  assert.equal(shown.length, 2);
  for (const text of shown) assert.equal((await run("condition", "check", text)).code, 0, text);
});

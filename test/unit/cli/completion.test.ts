import assert from "node:assert/strict";
import { test } from "node:test";
import { shellWords } from "../../../src/cli/words/shell-words.ts";
import { FakeDaemon } from "./fake-daemon.ts";

const breaks = " \t\n\"'><=;|&(:";
const candidates = async (daemon: FakeDaemon, line: string, breakCharacters = "") => {
  const { code, out, err } = await daemon.run("__complete", "--", line, breakCharacters);
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  return out.split("\n").slice(0, -1);
};

test("verbs, options and shells complete without a daemon", async (t) => {
  const daemon = await FakeDaemon.start(t);
  await daemon.vanish();
  assert.deepEqual(await candidates(daemon, "fairlead st"), ["status"]);
  assert.deepEqual(await candidates(daemon, "fairlead d"), ["devices", "disconnect", "disable", "dump"]);
  assert.deepEqual(await candidates(daemon, "fairlead connect eth0 --w"), ["--wait"]);
  assert.deepEqual(await candidates(daemon, "fairlead --"), ["--json", "--bus-address", "--help", "--version"]);
  assert.deepEqual(await candidates(daemon, "fairlead completion "), ["bash", "zsh", "fish"]);
  assert.deepEqual(await candidates(daemon, "fairlead connect "), []);
  assert.equal((await candidates(daemon, "fairlead ")).includes("__complete"), false);
});

test("actions complete, and words that a verb knows besides objects", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.deepEqual(await candidates(daemon, "fairlead wifi "), ["list", "connect"]);
  assert.deepEqual(await candidates(daemon, "fairlead profile p"), ["push", "pop"]);
  assert.deepEqual(await candidates(daemon, "fairlead why "), ["eth0", "eth1", "location"]);
  assert.deepEqual(await candidates(daemon, "fairlead modifier create vpn st"), ["start=", "stop="]);
  assert.deepEqual(await candidates(daemon, "fairlead modifier show vpn "), []);
});

test("an object with the name of a verb is taken for no verb", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.deepEqual(await candidates(daemon, "fairlead connect status --w"), ["--wait"]);
  assert.deepEqual(await candidates(daemon, "fairlead --bus-address get connect --w"), ["--wait"]);
});

test("the shell is told where the name of a file is wanted", async (t) => {
  const daemon = await FakeDaemon.start(t);
  await daemon.vanish();
  for (const line of [
    "config check ",
    "config import net",
    "config import --empty /etc/",
    "config preview x",
    "vpn import ",
  ])
    assert.deepEqual(await candidates(daemon, `fairlead ${line}`), ["\t"], line);
  for (const line of ["config reload ", "config check file ", "vpn list ", "vpn import work.conf --name "])
    assert.deepEqual(await candidates(daemon, `fairlead ${line}`), [], line);
  assert.deepEqual(await candidates(daemon, "fairlead config import --e"), ["--empty"]);
});

test("objects and their properties come from the daemon", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("Name", "Office");
  assert.deepEqual(await candidates(daemon, "fairlead connect "), ["eth0", "eth1", "Ethernet", "Office"]);
  assert.deepEqual(await candidates(daemon, "fairlead connect eth0 "), []);
  assert.deepEqual(await candidates(daemon, "fairlead connect --wait "), []);
  assert.deepEqual(await candidates(daemon, "fairlead connect --wait 5 Of"), ["Office"]);
  assert.deepEqual(await candidates(daemon, "fairlead get m"), ["manager"]);
  assert.deepEqual(await candidates(daemon, "fairlead get eth0 Pri"), ["Priority"]);
  assert.deepEqual(await candidates(daemon, "fairlead set eth0 StaticIPConfig ad"), ["address="]);
  assert.deepEqual(await candidates(daemon, "fairlead get /service/"), ["/service/0", "/service/1"]);
});

test("a name that several Services have is not offered, since it would be refused", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.deepEqual(await candidates(daemon, "fairlead connect "), ["eth0", "eth1"]);
});

test("quotes and backslashes of the line are understood", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("Name", "Free WiFi");
  for (const line of ["fairlead connect Free\\ W", 'fairlead connect "Free W', "fairlead connect 'Free W"]) {
    assert.deepEqual(await candidates(daemon, line), ["Free WiFi"]);
  }
  assert.deepEqual(shellWords(`a "b c" d\\ e 'f"' `), ["a", "b c", "d e", 'f"', ""]);
  assert.deepEqual(shellWords("a \\"), ["a", ""]);
});

test("where the shell breaks words at a colon, only the rest is offered", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("Name", "a:bc");
  assert.deepEqual(await candidates(daemon, "fairlead connect a:b"), ["a:bc"]);
  assert.deepEqual(await candidates(daemon, "fairlead connect a:b", breaks), ["bc"]);
});

test("names with control characters are never offered", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("Name", "x\nstatus\x1b[2J");
  assert.deepEqual(await candidates(daemon, "fairlead connect "), ["eth0", "eth1", "Ethernet"]);
});

test("a daemon that does not answer is waited for a moment only", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const silent = daemon.bus.port();
  await daemon.vanish();
  await silent.connect();
  silent.serve(() => {});
  await silent.requestName("org.chromium.flimflam");
  const running = daemon.start(["__complete", "fairlead connect "]);
  await daemon.clock.advanceSettled(1500);
  assert.deepEqual(await running.ended, { code: 0, out: "", err: "" });
});

test("each script names the program, and no script lets the shell expand a candidate", async (t) => {
  const daemon = await FakeDaemon.start(t);
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, out } = await daemon.run("completion", shell);
    assert.equal(code, 0);
    assert.match(out, /__complete/);
    assert.doesNotMatch(out, /compgen -W|\beval\b/);
    assert.equal((await daemon.json("completion", shell)).script, out);
  }
});

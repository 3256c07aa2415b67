// mostly waits: for a daemon that is not there, and for logouts that overtake logins
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestDaemon } from "../../harness/daemon.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { run, startProcess, tryRun } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";
import { startDaemon, startPython } from "../daemon/support.ts";

const scripts = fileURLToPath(new URL("../../../scripts/", import.meta.url));
/**
 * Real accounts, in this test's own mounts: a plain one, one whose name is no part of a path, one that looks like a
 * number.
 */
const users = { alice: 1501, "bob.smith-long": 1502, uid1501: 1503 } as const;

function addUsers(t: TestContext): void {
  const folder = temporaryFolder(t);
  const file = join(folder, "passwd");
  const lines = Object.entries(users).map(([name, uid]) => `${name}:x:${uid}:${uid}::/nonexistent:/bin/sh\n`);
  writeFileSync(file, readFileSync("/etc/passwd", "utf8") + lines.join(""), { mode: 0o644 });
  run("chmod", ["644", file]);
  run("mount", ["--bind", file, "/etc/passwd"]);
  t.after(() => tryRun("umount", ["-l", "/etc/passwd"]));
}

interface Sessions {
  readonly daemon: TestDaemon;
  /** The calls that arrived at the Manager, in order: `CreateProfile ~alice/default`. */
  calls(): readonly string[];
  script(name: string, args: readonly string[], env?: Readonly<Record<string, string>>): void;
  stack(): Promise<readonly string[]>;
}

/** The daemon on the namespace's own system bus, and the scripts beside it. */
async function sessions(t: TestContext): Promise<Sessions> {
  addUsers(t);
  const bus = await startPrivateBus({ folder: "/run/dbus" });
  t.after(() => bus.remove());
  rmSync("/run/dbus/system_bus_socket", { force: true });
  symlinkSync("/run/dbus/bus", "/run/dbus/system_bus_socket");
  const daemon = await startDaemon(t, { bus });
  const rule = "type='method_call',interface='org.chromium.flimflam.Manager'";
  const monitor = startProcess("dbus-monitor", ["--address", bus.address, rule]);
  t.after(() => monitor.end());
  await until("the monitor hears", async () => {
    await daemon.manager();
    return monitor.output().includes("member=GetProperties");
  });
  return {
    daemon,
    calls: () =>
      monitor
        .output()
        .split("method call ")
        .map((text) => [
          /member=(\w+)/.exec(text)?.[1],
          ...[...text.matchAll(/string "(.*)"/g)].map(([, word]) => word),
        ])
        .filter(([member]) => member?.includes("Profile"))
        .map((words) => words.join(" ")),
    script: (name, args, env = {}) => {
      const folders = ["--state-dir", daemon.stateDir, "--run-dir", daemon.runDir];
      const verb = name === "fairlead-session" ? 1 : 0;
      runScript(name, [...args.slice(0, verb), ...folders, ...args.slice(verb)], env);
    },
    stack: async () => (await daemon.manager()).Profiles as string[],
  };
}

function runScript(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  run("env", [...Object.entries(env).map(([key, value]) => `${key}=${value}`), join(scripts, name), ...args]);
}
const heard = (what: Sessions, count: number) =>
  until(`${count} calls`, () => what.calls().length >= count && what.calls());

test("login makes the user's Profile and pushes it, twice is once, and logout with the last session takes it off", async (t) => {
  const it = await sessions(t);
  it.script("fairlead-login", ["--session", "1", "alice"]);
  assert.deepEqual(await it.stack(), ["/profile/default", "/profile/alice/default"]);
  const folder = join(it.daemon.stateDir, "users/alice");
  const { mode, uid } = statSync(folder);
  assert.deepEqual([mode & 0o777, uid], [0o700, 0]);
  assert.equal(readlinkSync(join(it.daemon.runDir, "user_profiles/alice")), folder);
  it.script("fairlead-login", ["--session", "1", "alice"]);
  it.script("fairlead-login", ["--session", "2", "alice"]);
  it.script("fairlead-logout", ["--session", "1", "alice"]);
  assert.equal((await it.stack()).length, 2, "the other session goes on");
  it.script("fairlead-logout", ["--session", "2", "alice"]);
  it.script("fairlead-logout", ["--session", "2", "alice"]);
  assert.deepEqual(await it.stack(), ["/profile/default"]);
  assert.ok(!existsSync(join(it.daemon.runDir, "user_profiles/alice")));
  it.script("fairlead-login", ["alice"]);
  const members = (await heard(it, 4)).map((call) => call.split(" ").slice(0, 2).join(" "));
  assert.deepEqual(members, [
    "CreateProfile ~alice/default",
    "InsertUserProfile ~alice/default",
    "PopAllUserProfiles",
    "InsertUserProfile ~alice/default",
  ]);
});

test("the owner of a Profile is the account of its user, also for names that are no part of a path", async (t) => {
  const it = await sessions(t);
  for (const name of Object.keys(users)) it.script("fairlead-login", [name]);
  assert.deepEqual(await it.stack(), [
    "/profile/default",
    "/profile/alice/default",
    "/profile/uid1502/default",
    "/profile/uid1503/default",
  ]);
  const may = (uid: number, path: string) =>
    tryRun("setpriv", [
      `--reuid=${uid}`,
      `--regid=${uid}`,
      "--clear-groups",
      ...["gdbus", "call", "--system", "-d", "org.chromium.flimflam", "-o", path],
      ...["-m", "org.chromium.flimflam.Profile.DeleteEntry", "wifi_none"],
    ]).stderr;
  await until("alice owns hers", () => may(1501, "/profile/alice/default").includes("NotFound"), 10_000);
  await until("bob owns his", () => may(1502, "/profile/uid1502/default").includes("NotFound"), 10_000);
  assert.match(may(1501, "/profile/uid1502/default"), /PermissionDenied/);
  assert.match(may(1503, "/profile/alice/default"), /PermissionDenied/);
  it.script("fairlead-logout", ["alice"]);
  assert.deepEqual((await it.stack()).slice(1), ["/profile/uid1502/default", "/profile/uid1503/default"]);
});

test("hostile names are refused and leave nothing behind", async (t) => {
  const it = await sessions(t);
  for (const name of ["", "../../etc", "-rf", "a b", "nobody'here", "$(touch /tmp/owned)", "*", "alice\nroot"]) {
    assert.throws(() => it.script("fairlead-login", ["--", name]), `${JSON.stringify(name)} is no user`);
  }
  assert.ok(!existsSync(join(it.daemon.runDir, "user_profiles")));
  assert.deepEqual(it.calls(), []);
});

test("a session of any name is one of its user's, and one without a name is refused", async (t) => {
  const it = await sessions(t);
  assert.throws(() => it.script("fairlead-login", ["--session", "", "alice"]), /ended with 2/);
  assert.deepEqual([await it.stack(), existsSync(join(it.daemon.runDir, "sessions"))], [["/profile/default"], false]);
  for (const name of ["..", "../../x", "*", "a b", "two\nlines", "-rf", "9".repeat(5000)]) {
    it.script("fairlead-login", ["--session", name, "alice"]);
    const names = readdirSync(join(it.daemon.runDir, "sessions/alice"));
    assert.deepEqual(
      names.map((made) => /^\w{1,64}$/.test(made)),
      [true],
      JSON.stringify(name),
    );
    it.script("fairlead-logout", ["--session", name, "alice"]);
    assert.deepEqual(await it.stack(), ["/profile/default"]);
  }
});

test("by shill's names: the same calls in the same order, and none for who is logged in", async (t) => {
  const it = await sessions(t);
  it.script("shill_login_user", ["someone@example.com"]);
  it.script("shill_login_user", ["someone@example.com"]);
  it.script("shill_logout_user", []);
  it.script("shill_login_user", ["someone@example.com"]);
  it.script("shill_logout_user", []);
  it.script("shill_login_user", ["$guest"]);
  it.script("shill_logout_user", []);
  const words = (await heard(it, 8)).map((call) => call.replace(/ [0-9a-f]{40}$/, " HASH"));
  assert.deepEqual(words, [
    "CreateProfile ~chronos/shill",
    "InsertUserProfile ~chronos/shill HASH",
    "PopAllUserProfiles",
    "InsertUserProfile ~chronos/shill HASH",
    "PopAllUserProfiles",
    "CreateProfile ~chronos/shill",
    "InsertUserProfile ~chronos/shill ",
    "PopAllUserProfiles",
  ]);
  assert.throws(() => it.script("shill_login_user", [""]));
});

test("a guest leaves nothing behind, and survives a crash of the daemon", async (t) => {
  const it = await sessions(t);
  it.script("fairlead-login", ["--guest", "alice"]);
  await it.daemon.kill();
  await it.daemon.launch();
  assert.equal((await it.stack()).length, 2);
  it.script("fairlead-logout", ["--guest", "alice"]);
  assert.deepEqual(await it.stack(), ["/profile/default"]);
  assert.ok(!existsSync(join(it.daemon.stateDir, "users")));
  assert.deepEqual(readdirSync(join(it.daemon.runDir, "guest_user_profile")), []);
});

test("a logout overtakes a login that waits for the daemon", async (t) => {
  const it = await sessions(t);
  await it.daemon.stop();
  const folders = ["--state-dir", it.daemon.stateDir, "--run-dir", it.daemon.runDir];
  const login = startProcess(join(scripts, "fairlead-login"), [...folders, "alice"]);
  t.after(() => login.end());
  const link = join(it.daemon.runDir, "user_profiles/alice");
  await until("the login waits", () => existsSync(link));
  it.script("fairlead-logout", ["alice"]);
  await it.daemon.launch();
  await login.waitExit();
  assert.deepEqual(await it.stack(), ["/profile/default"]);
  assert.ok(!existsSync(link));
});

test("beside a daemon that hangs hooks end by themselves, all at once, and the rest follows when it goes on", async (t) => {
  const it = await sessions(t);
  const hook = (name: string, user: string) => {
    const folders = ["--state-dir", it.daemon.stateDir, "--run-dir", it.daemon.runDir];
    const started = startProcess(join(scripts, name), [...folders, user]);
    t.after(() => started.end());
    return started;
  };
  const ended = async (...hooks: ReturnType<typeof hook>[]) => {
    for (const one of hooks) assert.equal((await one.waitExit(15_000)).code, 0, one.output());
    return hooks.map((one) => one.output()).join("");
  };
  it.script("fairlead-login", ["uid1501"]);
  it.daemon.process.kill("SIGSTOP");
  const said = await ended(
    hook("fairlead-login", "alice"),
    hook("fairlead-login", "bob.smith-long"),
    hook("fairlead-logout", "uid1501"),
  );
  assert.match(said, /the daemon has not done it yet; it goes on in the background/);
  it.daemon.process.kill("SIGCONT");
  const loaded = async () => [...(await it.stack())].sort().join(" ");
  const both = "/profile/alice/default /profile/default /profile/uid1502/default";
  await until("both Profiles are on the stack, and the third is off", async () => (await loaded()) === both, 30_000);
  const nothingWaits = () => !readdirSync(join(it.daemon.runDir, "sessions")).some((name) => name.startsWith(".told"));
  await until("the background has done its part", nothingWaits, 30_000);

  it.daemon.process.kill("SIGSTOP");
  await ended(hook("fairlead-logout", "alice"));
  it.daemon.process.kill("SIGCONT");
  await until("hers is off", async () => (await loaded()) === "/profile/default /profile/uid1502/default", 30_000);
  await until("her link is gone", () => !existsSync(join(it.daemon.runDir, "user_profiles/alice")), 30_000);
});

test("a logout that was ended before the daemon answered is done with the next hook of any user", async (t) => {
  const it = await sessions(t);
  it.script("fairlead-login", ["alice"]);
  // As the hook leaves it before it asks the daemon.
  const sessionsFolder = join(it.daemon.runDir, "sessions");
  const told = join(sessionsFolder, ".told-alice");
  renameSync(join(sessionsFolder, ".pushed-alice"), told);
  rmSync(join(sessionsFolder, "alice"), { recursive: true });
  it.script("fairlead-login", ["bob.smith-long"]);
  await until("hers is off", async () => (await it.stack()).join() === "/profile/default,/profile/uid1502/default");
  await until("her link is gone", () => !existsSync(join(it.daemon.runDir, "user_profiles/alice")));
  assert.ok(!existsSync(told));
});

test("sessions of programs that the daemon's user may not see last as long as the programs", async (t) => {
  addUsers(t);
  run("mount", ["-t", "proc", "-o", "hidepid=2", "proc", "/proc"]);
  t.after(() => tryRun("umount", ["-l", "/proc"]));
  const folder = temporaryFolder(t);
  run("chmod", ["755", folder]);
  copyFileSync(join(scripts, "fairlead-session"), join(folder, "fairlead-session"));
  const [state, runDir] = [join(folder, "state"), join(folder, "run")];
  mkdirSync(state, { mode: 0o700 });
  run("chown", ["1600:1601", state]);
  const nobodySees = `/proc/${process.pid}/status`;
  assert.notEqual(
    tryRun("setpriv", ["--reuid=1600", "--regid=1601", "--clear-groups", "--bounding-set=-all", "cat", nobodySees])
      .code,
    0,
  );
  const open = () => {
    const hook = `"$0" pam --state-dir "$1" --run-dir "$2"; echo open; cat`;
    const env = { ...process.env, PAM_USER: "alice", PAM_TYPE: "open_session" };
    const program = startProcess("sh", ["-c", hook, join(folder, "fairlead-session"), state, runDir], { env });
    t.after(() => program.end());
    return program;
  };
  const present = () => readdirSync(join(runDir, "sessions/alice"));
  const first = open();
  await first.untilOutput(/open/);
  const second = open();
  await second.untilOutput(/open/);
  assert.equal(present().length, 2);
  first.kill("SIGKILL");
  await first.waitExit(10_000);
  const third = open();
  await third.untilOutput(/open/);
  assert.ok(!present().includes(`pam_${first.pid}`), "a killed session is none");
  assert.equal(present().length, 2);
});

test("a login whose turn comes after another session's end has a place of its own", async (t) => {
  const it = await sessions(t);
  const folder = join(it.daemon.runDir, "sessions");
  mkdirSync(folder, { recursive: true });
  const ending = startProcess("flock", [join(folder, ".lock"), "sh", "-c", "echo held; cat"]);
  t.after(() => ending.end());
  await ending.untilOutput(/held/);
  const folders = ["--state-dir", it.daemon.stateDir, "--run-dir", it.daemon.runDir];
  const login = startProcess(join(scripts, "fairlead-login"), [...folders, "alice"]);
  t.after(() => login.end());
  await until("the login waits for its turn", () => commandsOf(login.pid).includes("flock"));
  rmSync(join(folder, "alice"), { recursive: true, force: true });
  ending.closeInput();
  const { code } = await login.waitExit();
  assert.equal(code, 0, login.output());
  assert.deepEqual(await it.stack(), ["/profile/default", "/profile/alice/default"]);
});

/** Names of the programs that a process waits for. */
function commandsOf(pid: number): readonly string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return children.map((child) => tryRun("cat", [`/proc/${child}/comm`]).stdout.trim());
}

test("a login whose program is killed while it waits for the daemon is none", async (t) => {
  const it = await sessions(t);
  await it.daemon.stop();
  const hook = `"$0" pam --state-dir "$1" --run-dir "$2"; :`;
  const args = ["-c", hook, join(scripts, "fairlead-session"), it.daemon.stateDir, it.daemon.runDir];
  const env = { ...process.env, PAM_USER: "alice", PAM_TYPE: "open_session" };
  const program = startProcess("sh", args, { env });
  t.after(() => program.end());
  const link = join(it.daemon.runDir, "user_profiles/alice");
  await until("the login waits", () => existsSync(link));
  program.kill("SIGKILL");
  await it.daemon.launch();
  // Its output is the hook's, too: that has ended as well then.
  await program.waitExit(10_000);
  await until("the link is gone", () => !existsSync(link), 30_000);
  assert.deepEqual(await it.stack(), ["/profile/default"]);
});

test("in folders of another user than root, a hook does all as that user, with any traps in its way", (t) => {
  addUsers(t);
  const folder = temporaryFolder(t);
  run("chmod", ["755", folder]);
  // Where this clone is, that user may not be able to look.
  const hooks = join(folder, "hooks");
  mkdirSync(hooks);
  for (const name of ["fairlead-login", "fairlead-logout"]) copyFileSync(join(scripts, name), join(hooks, name));
  const [state, runDir] = [join(folder, "state"), join(folder, "run")];
  mkdirSync(state, { mode: 0o700 });
  run("chown", ["1600:1601", state]);
  const hook = (name: string, ...args: string[]) =>
    tryRun(join(hooks, name), ["--state-dir", state, "--run-dir", runDir, ...args, "alice"]);
  const ownersAndMode = (path: string) => {
    const { uid, gid, mode } = lstatSync(path);
    return [uid, gid, mode & 0o777];
  };
  assert.equal(hook("fairlead-login").code, 0);
  assert.deepEqual(ownersAndMode(join(state, "users/alice")), [1600, 1601, 0o700]);
  assert.deepEqual(ownersAndMode(runDir), [1600, 1601, 0o755]);
  assert.deepEqual(ownersAndMode(join(runDir, "user_profiles/alice")).slice(0, 2), [1600, 1601]);
  assert.equal(hook("fairlead-logout").code, 0);
  assert.ok(!existsSync(join(runDir, "user_profiles/alice")));

  const rootsOwn = join(folder, "roots");
  mkdirSync(join(rootsOwn, "alice"), { recursive: true });
  for (const trap of [join(state, "users"), join(runDir, "sessions"), join(runDir, "guest_user_profile")]) {
    rmSync(trap, { recursive: true, force: true });
    symlinkSync(rootsOwn, trap);
    run("chown", ["-h", "1600:1601", trap]);
    hook("fairlead-login", "--guest");
    hook("fairlead-login");
    hook("fairlead-logout", "--guest");
    assert.deepEqual(readdirSync(rootsOwn, { recursive: true }), ["alice"], trap);
    rmSync(trap);
  }
});

test("PAM: persons are logged in by their sessions, others are let pass", async (t) => {
  const it = await sessions(t);
  const pam = (user: string, type: string) =>
    it.script("fairlead-session", ["pam"], { PAM_USER: user, PAM_TYPE: type });
  pam("root", "open_session");
  pam("alice", "auth");
  assert.equal((await it.stack()).length, 1);
  pam("alice", "open_session");
  assert.deepEqual(await it.stack(), ["/profile/default", "/profile/alice/default"]);
  pam("alice", "close_session");
  assert.deepEqual(await it.stack(), ["/profile/default"]);
});

test("another folder is opened after a look at its way: no link of a user's, no folder of a user's", async (t) => {
  const it = await sessions(t);
  const home = join(temporaryFolder(t), "alice");
  run("chmod", ["755", join(home, "..")]);
  mkdirSync(home, { mode: 0o755 });
  const private_ = join(home, "networks");
  mkdirSync(private_, { mode: 0o700 });
  run("chown", ["1501:1501", home]);
  it.script("fairlead-login", ["--folder", private_, "alice"]);
  assert.equal((await it.stack()).length, 2, "root's folder in a user's home");
  assert.ok(existsSync(join(private_, "default.db")));
  it.script("fairlead-logout", ["alice"]);

  it.script("fairlead-login", ["bob.smith-long"]);
  it.script("fairlead-logout", ["bob.smith-long"]);
  const refused = async (why: string) => {
    it.script("fairlead-login", ["--folder", private_, "alice"]);
    assert.equal((await it.stack()).length, 1, why);
    it.script("fairlead-logout", ["alice"]);
  };
  rmSync(private_, { recursive: true });
  symlinkSync(join(it.daemon.stateDir, "users/uid1502"), private_);
  run("chown", ["-h", "1501:1501", private_]);
  await refused("a link to another user's folder");
  run("chown", ["-h", "0:0", private_]);
  await refused("root's link, where the user can move it");
  rmSync(private_);
  mkdirSync(private_, { mode: 0o700 });
  run("chown", ["1501:1501", private_]);
  await refused("a folder of the user's own");
  assert.ok(lstatSync(join(it.daemon.stateDir, "users/uid1502/default.db")).isFile());
});

/** Knows the users that are its arguments and tells of others as logind does: `UserNew 1501` on standard input. */
const logind = `
import os, sys, dbus, dbus.lowlevel, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
def path(uid):
    return dbus.ObjectPath("/org/freedesktop/login1/user/_" + uid)
class Manager(dbus.service.Object):
    @dbus.service.method("org.freedesktop.login1.Manager", out_signature="a(uso)")
    def ListUsers(self):
        return [(int(uid), "user" + uid, path(uid)) for uid in sys.argv[1:]]
manager = Manager(bus, "/org/freedesktop/login1")
name = dbus.service.BusName("org.freedesktop.login1", bus)
def tell(source, condition):
    for line in os.read(0, 4096).decode().splitlines():
        word, uid = line.split()
        message = dbus.lowlevel.SignalMessage("/org/freedesktop/login1", "org.freedesktop.login1.Manager", word)
        message.append(dbus.UInt32(int(uid)), path(uid))
        bus.send_message(message)
    return True
GLib.io_add_watch(0, GLib.IO_IN, tell)
print("ready")
GLib.MainLoop().run()
`;

test("logind: its users come and go, persons only, one after the other", async (t) => {
  const it = await sessions(t);
  const news = await startPython(t, logind, ["0", "1501"]);
  follow(t, it);
  await untilStack(it, "alice");
  news.write("UserNew 0\nUserNew 1502\nUserRemoved 1501\n");
  await untilStack(it, "uid1502");
  news.write("UserRemoved 1502\n");
  await untilStack(it);
});

test("logind: logins and logouts without a logind are found when there is one again", async (t) => {
  const it = await sessions(t);
  const former = await startPython(t, logind, ["1501", "1503"]);
  follow(t, it);
  await untilStack(it, "alice", "uid1503");
  await former.end();
  await startPython(t, logind, ["1502", "1503"]);
  await untilStack(it, "uid1503", "uid1502");
});

function follow(t: TestContext, { daemon }: Sessions): void {
  const folders = ["--state-dir", daemon.stateDir, "--run-dir", daemon.runDir];
  const follower = startProcess(join(scripts, "fairlead-session"), ["follow", ...folders]);
  t.after(() => follower.end());
}
const untilStack = (it: Sessions, ...expected: readonly string[]) =>
  until(
    `"${expected}" are on the stack`,
    async () =>
      (await it.stack()).join() ===
      ["default", ...expected.map((user) => `${user}/default`)].map((name) => `/profile/${name}`).join(),
    15_000,
  );

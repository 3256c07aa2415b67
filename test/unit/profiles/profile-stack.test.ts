import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DaemonError, type ErrorCode } from "../../../src/base/errors.ts";
import type { Log } from "../../../src/base/log.ts";
import { MemoryStorage } from "../../../src/profiles/memory-store.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import { ProfileStack } from "../../../src/profiles/profile-stack.ts";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import type { ProfileStorage } from "../../../src/profiles/store.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const noRows: ReadonlyMap<string, string> = new Map();

function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const line = (level: string) => (message: string | (() => string)) =>
    void lines.push(`${level} ${typeof message === "string" ? message : message()}`);
  return { lines, error: line("error"), warn: line("warn"), info: line("info"), debug: line("debug") };
}

class World {
  readonly runDir: string;
  readonly stateDir = "/state";
  readonly listFile: string;
  readonly log = recordingLog();
  readonly told: string[] = [];

  constructor(
    t: TestContext,
    readonly storage: ProfileStorage = new MemoryStorage(),
  ) {
    this.runDir = temporaryFolder(t);
    this.listFile = join(this.runDir, "loaded_profile_list");
  }

  /** Another run of the daemon. */
  start(): ProfileStack {
    const stack = new ProfileStack(this);
    stack.observe({
      pushed: (profile) => void this.told.push(`pushed ${profile.label}`),
      popped: (profile) => void this.told.push(`popped ${profile.label}`),
      changed: () => void this.told.push("changed"),
    });
    stack.start();
    return stack;
  }

  get list(): string {
    return fs.readFileSync(this.listFile, "utf8");
  }
}

const labels = (stack: ProfileStack): readonly string[] => stack.profiles.map((profile) => profile.label);

function refuses(stack: ProfileStack, code: ErrorCode, call: () => unknown): void {
  const before = labels(stack);
  assert.throws(call, (error) => error instanceof DaemonError && error.code === code);
  assert.deepEqual(labels(stack), before);
}

/** With these users' Profiles made. */
function started(t: TestContext, ...users: string[]): { world: World; stack: ProfileStack } {
  const world = new World(t);
  const stack = world.start();
  for (const user of users) stack.create(user);
  world.told.length = 0;
  return { world, stack };
}

test("the default Profile is made at the first start and found at the second", (t) => {
  const world = new World(t);
  const first = world.start();
  assert.deepEqual(labels(first), ["default"]);
  first.profileForNew()?.store.write("global", new Map([["ArpGateway", "false"]]));
  first.stop();
  assert.deepEqual(first.profiles, []);
  const second = world.start();
  assert.deepEqual(second.profileForNew()?.store.read("global"), new Map([["ArpGateway", "false"]]));
});

test("a created Profile answers its path and is not on the stack", (t) => {
  const { stack } = started(t);
  assert.equal(stack.create("test"), "/profile/test");
  assert.equal(stack.create("~alice/work"), "/profile/alice/work");
  assert.deepEqual(labels(stack), ["default"]);
});

test("creating refuses bad names, what is loaded and what exists", (t) => {
  const { stack } = started(t, "~alice/work");
  refuses(stack, "InvalidArguments", () => stack.create("not a name"));
  refuses(stack, "InvalidArguments", () => stack.create(""));
  refuses(stack, "AlreadyExists", () => stack.create("default"));
  refuses(stack, "AlreadyExists", () => stack.create("~alice/work"));
});

test("a client cannot make Profiles of a user without end; those of others are not concerned", (t) => {
  const { stack } = started(t);
  for (let count = 0; count < 256; count++) stack.create(`~alice/test${count}`);
  refuses(stack, "InternalError", () => stack.create("~alice/onemore"));
  stack.create("~bob/one");
});

test("a client cannot make Profiles of the machine without end", (t) => {
  const { stack } = started(t);
  for (let count = 1; count < 256; count++) stack.create(`test${count}`);
  refuses(stack, "InternalError", () => stack.create("onemore"));
});

test("a pushed Profile is on top, active, told of and in the list", (t) => {
  const { world, stack } = started(t, "~alice/work");
  const profile = stack.push("~alice/work");
  assert.deepEqual(labels(stack), ["default", "~alice/work"]);
  assert.equal(stack.profileForNew(), profile);
  assert.equal(profile.userHash, "");
  assert.deepEqual(world.told, ["pushed ~alice/work", "changed"]);
  assert.equal(world.list, "~alice/work \n");
});

test("an inserted Profile carries the user's hash", (t) => {
  const { world, stack } = started(t, "~alice/work");
  assert.equal(stack.insert("~alice/work", "0123abcd").userHash, "0123abcd");
  assert.equal(world.list, "~alice/work 0123abcd\n");
});

test("pushing refuses bad names, what is loaded, and a user's Profile that does not exist", (t) => {
  const { stack } = started(t);
  refuses(stack, "InvalidArguments", () => stack.push("~/x"));
  refuses(stack, "AlreadyExists", () => stack.push("default"));
  refuses(stack, "NotFound", () => stack.push("~bob/work"));
});

test("inserting refuses Profiles of the machine and hashes that do not fit in the list", (t) => {
  const { stack } = started(t, "~alice/work");
  refuses(stack, "InvalidArguments", () => stack.insert("test", "abc"));
  for (const hash of ["a b", "a\n~bob/work x", "é", "\u0000", "x".repeat(256)]) {
    refuses(stack, "InvalidArguments", () => stack.insert("~alice/work", hash));
  }
  stack.insert("~alice/work", "x".repeat(255));
});

test("a Profile of the machine goes on top of one of the machine, never on a user's", (t) => {
  const { stack } = started(t, "~alice/work", "test");
  stack.push("test");
  stack.push("~alice/work");
  refuses(stack, "InvalidArguments", () => stack.push("other"));
  assert.deepEqual(labels(stack), ["default", "test", "~alice/work"]);
  assert.equal(stack.profileForDevices()?.label, "test");
});

test("a Profile of the machine that does not exist can be pushed and leaves nothing behind", (t) => {
  const { stack, world } = started(t);
  stack.push("test").store.write("ethernet_any", noRows);
  assert.equal(stack.findEntry("ethernet_any")?.label, "test");
  stack.pop("test");
  assert.equal(world.storage.exists("/state/profiles/test.db"), false);
  assert.equal(stack.findEntry("ethernet_any"), undefined);
});

test("the stack has an end", (t) => {
  const { stack } = started(t);
  for (let count = 1; count < 32; count++) stack.push(`test${count}`);
  refuses(stack, "Failure", () => stack.push("onemore"));
});

test("popping by name takes only the top", (t) => {
  const { world, stack } = started(t, "~alice/work");
  stack.push("~alice/work");
  world.told.length = 0;
  refuses(stack, "WrongState", () => stack.pop("default"));
  refuses(stack, "WrongState", () => stack.pop("~alice/other"));
  refuses(stack, "InvalidArguments", () => stack.pop("~alice"));
  stack.pop("~alice/work");
  assert.deepEqual(labels(stack), ["default"]);
  assert.deepEqual(world.told, ["popped ~alice/work", "changed"]);
  assert.equal(world.list, "");
});

test("popping from an empty stack says NotFound, before it looks at the name", (t) => {
  const { stack } = started(t);
  stack.popAny();
  assert.equal(stack.profileForNew(), undefined);
  assert.equal(stack.profileForDevices(), undefined);
  refuses(stack, "NotFound", () => stack.popAny());
  refuses(stack, "NotFound", () => stack.pop("default"));
  refuses(stack, "NotFound", () => stack.pop("not a name"));
  stack.popAllUsers();
  stack.push("default");
  assert.deepEqual(labels(stack), ["default"]);
});

test("popping all users stops at the first Profile of the machine", (t) => {
  const { world, stack } = started(t, "~alice/work", "~bob/home", "test");
  for (const name of ["test", "~alice/work", "~bob/home"]) stack.push(name);
  world.told.length = 0;
  stack.popAllUsers();
  assert.deepEqual(labels(stack), ["default", "test"]);
  assert.deepEqual(world.told, ["popped ~bob/home", "changed", "popped ~alice/work", "changed"]);
  assert.equal(world.list, "");
});

test("removing deletes what is not loaded; what does not exist is no error", (t) => {
  const { world, stack } = started(t, "~alice/work");
  stack.push("~alice/work");
  refuses(stack, "InvalidArguments", () => stack.remove("~alice/work"));
  refuses(stack, "InvalidArguments", () => stack.remove("default"));
  refuses(stack, "InvalidArguments", () => stack.remove("bad name"));
  stack.popAny();
  stack.remove("~alice/work");
  stack.remove("~alice/work");
  assert.equal(world.storage.exists(join(world.runDir, "user_profiles/alice/work.db")), false);
  refuses(stack, "NotFound", () => stack.push("~alice/work"));
});

test("an entry is found in the topmost Profile that has it", (t) => {
  const { stack } = started(t, "~alice/work");
  const [bottom] = stack.profiles;
  const top = stack.push("~alice/work");
  bottom?.store.write("wifi_a", noRows);
  bottom?.store.write("wifi_b", noRows);
  top.store.write("wifi_b", noRows);
  assert.equal(stack.findEntry("wifi_a"), bottom);
  assert.equal(stack.findEntry("wifi_b"), top);
  assert.equal(stack.findEntry("wifi_c"), undefined);
  assert.equal(stack.byPath("/profile/alice/work"), top);
  assert.equal(stack.byPath("/profile/alice"), undefined);
  assert.equal(stack.rank(top), 1);
  stack.popAny();
  assert.equal(stack.rank(top), -1);
});

test("the entries of Services are those that begin with a technology's name, in the order of the store", (t) => {
  const { stack } = started(t);
  const profile = stack.profileForNew() as Profile;
  const entries = [
    "vpn_host_name",
    "global",
    "device_0200",
    "wifi_x",
    "wifix",
    "unknown_1",
    "etherneteap_all",
    "ethernet",
  ];
  for (const entry of entries) profile.store.write(entry, noRows);
  assert.deepEqual(profile.serviceEntries(), ["vpn_host_name", "wifi_x", "etherneteap_all", "ethernet"]);
});

test("a popped Profile's store can be read by observers and is closed afterwards", (t) => {
  const { stack } = started(t, "~alice/work");
  const profile = stack.push("~alice/work");
  profile.store.write("wifi_a", noRows);
  const seen: (readonly string[])[] = [];
  stack.observe({ pushed() {}, popped: (popped) => void seen.push(popped.store.entries()), changed() {} });
  stack.popAny();
  assert.deepEqual(seen, [["wifi_a"]]);
  assert.throws(() => profile.store.entries(), DaemonError);
});

test("an observer that fails stops neither the change nor the other observers", (t) => {
  const { world, stack } = started(t, "~alice/work");
  const remove = stack.observe({
    pushed() {
      throw new Error("first");
    },
    popped() {},
    changed() {},
  });
  const after: string[] = [];
  stack.observe({ pushed: (profile) => void after.push(profile.label), popped() {}, changed() {} });
  stack.push("~alice/work");
  assert.deepEqual(after, ["~alice/work"]);
  assert.equal(world.log.lines.length, 1);
  remove();
  stack.popAny();
  stack.push("~alice/work");
  assert.equal(world.log.lines.length, 1);
});

test("a restart of the daemon brings the session back, with hashes and in order", (t) => {
  const { world, stack } = started(t, "~alice/work", "~bob/home");
  stack.insert("~alice/work", "aaa");
  stack.push("~bob/home");
  const list = world.list;
  stack.stop();
  assert.equal(world.list, list);
  world.told.length = 0;
  const again = world.start();
  assert.deepEqual(labels(again), ["default", "~alice/work", "~bob/home"]);
  assert.deepEqual(
    again.profiles.map((profile) => profile.userHash),
    ["", "aaa", ""],
  );
  assert.equal(world.list, list);
  const pushes = world.told.filter((line) => line !== "changed");
  assert.deepEqual(pushes, ["pushed default", "pushed ~alice/work", "pushed ~bob/home"]);
});

test("a crash in the middle of a start does not forget the session", (t) => {
  const { world, stack } = started(t, "~alice/work", "~bob/home");
  for (const name of ["~alice/work", "~bob/home"]) stack.push(name);
  const list = world.list;
  stack.stop();
  const seen: string[] = [];
  const again = new ProfileStack(world);
  again.observe({ pushed: () => void seen.push(world.list), popped() {}, changed: () => void seen.push(world.list) });
  again.start();
  assert.deepEqual(new Set(seen), new Set([list]));
});

test("a user's Profile that is gone at the restart is left out and said", (t) => {
  const { world, stack } = started(t, "~alice/work", "~bob/home");
  for (const name of ["~alice/work", "~bob/home"]) stack.push(name);
  stack.stop();
  world.storage.remove(join(world.runDir, "user_profiles/alice/work.db"));
  assert.deepEqual(labels(world.start()), ["default", "~bob/home"]);
  assert.match(
    world.log.lines.join("\n"),
    /warn Profile ~alice\/work of the last run cannot be loaded: .*does not exist/,
  );
  assert.equal(world.list, "~bob/home \n");
});

test("lines of the list that are not ours are left out, each with its number", (t) => {
  const { world, stack } = started(t, "~alice/work");
  stack.stop();
  fs.writeFileSync(
    world.listFile,
    "default x\n../../etc/passwd x\n\n~alice/work ok\n~alice/work again\n~al\u0000ice/work\n~alice/work a b\n\xff\xfe\n",
  );
  const again = world.start();
  assert.deepEqual(labels(again), ["default", "~alice/work"]);
  assert.equal(again.profileForNew()?.userHash, "ok");
  const said = world.log.lines.join("\n");
  for (const line of [1, 2, 6, 7, 8]) assert.match(said, new RegExp(`line ${line}:`));
  assert.equal(world.list, "~alice/work ok\n");
});

test("a list that is a link, a folder or too long is not read, and the daemon starts", (t) => {
  const puts: readonly ((file: string) => void)[] = [
    (file) => fs.symlinkSync("/etc/passwd", file),
    (file) => fs.writeFileSync(file, "~alice/work x\n".repeat(2000)),
    (file) => fs.mkdirSync(file),
  ];
  for (const put of puts) {
    const { world, stack } = started(t, "~alice/work");
    stack.stop();
    fs.rmSync(world.listFile);
    put(world.listFile);
    assert.deepEqual(labels(world.start()), ["default"]);
    assert.match(world.log.lines[0] ?? "", /warn .*loaded_profile_list: /);
  }
});

test("a write through a link laid in the run folder stays in the run folder", (t) => {
  const { world, stack } = started(t, "~alice/work");
  const victim = join(world.runDir, "victim");
  fs.writeFileSync(victim, "precious");
  fs.symlinkSync(victim, `${world.listFile}.new`);
  stack.push("~alice/work");
  assert.equal(fs.readFileSync(victim, "utf8"), "precious");
  assert.equal(world.list, "~alice/work \n");
  assert.equal(fs.statSync(world.listFile).mode & 0o777, 0o600);
});

test("a list that cannot be written is said and the push stands", (t) => {
  const { world, stack } = started(t, "~alice/work");
  fs.rmSync(world.runDir, { recursive: true });
  stack.push("~alice/work");
  assert.deepEqual(labels(stack), ["default", "~alice/work"]);
  assert.match(world.log.lines.join("\n"), /warn .*loaded_profile_list cannot be written/);
});

test("on disk: a damaged default Profile is set aside, said, and the daemon starts with an empty one", (t) => {
  const world = new World(t, sqliteStorage);
  const options = { ...world, stateDir: temporaryFolder(t), storage: sqliteStorage, log: world.log };
  const file = join(options.stateDir, "profiles", "default.db");
  fs.mkdirSync(join(options.stateDir, "profiles"), { mode: 0o700 });
  fs.writeFileSync(file, "garbage", { mode: 0o600 });
  const stack = new ProfileStack(options);
  t.after(() => stack.stop());
  stack.start();
  assert.deepEqual(labels(stack), ["default"]);
  assert.equal(fs.readFileSync(`${file}.corrupted`, "utf8"), "garbage");
  assert.match(world.log.lines.join("\n"), /error Profile default was damaged \(the file is not a database\)/);
});

test("on disk: a user's folder may be a link, as the login hook makes it; a missing one is a clear error", (t) => {
  const runDir = temporaryFolder(t);
  const home = temporaryFolder(t);
  const stack = new ProfileStack({ runDir, stateDir: temporaryFolder(t), storage: sqliteStorage, log: recordingLog() });
  t.after(() => stack.stop());
  stack.start();
  refuses(stack, "InternalError", () => stack.create("~alice/work"));
  refuses(stack, "NotFound", () => stack.push("~alice/work"));
  fs.mkdirSync(join(runDir, "user_profiles"));
  fs.symlinkSync(home, join(runDir, "user_profiles", "alice"));
  stack.create("~alice/work");
  assert.deepEqual(fs.readdirSync(home), ["work.db"]);
  stack.insert("~alice/work", "hash").store.write("wifi_a", noRows);
  stack.popAllUsers();
  assert.deepEqual(fs.readdirSync(home), ["work.db"]);
  stack.remove("~alice/work");
  assert.deepEqual(fs.readdirSync(home), []);
});

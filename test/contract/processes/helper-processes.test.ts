// Harmless outside a namespace: a few shell scripts, run by fairlead-helper as the user of the tests.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Clock, ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { HelperProcesses } from "../../../src/helper/helper-processes.ts";
import { parseDump } from "../../../src/network/protocols/script/description.ts";
import { scriptHandler } from "../../../src/network/protocols/script/script-handler.ts";
import { Teardowns } from "../../../src/network/protocols/script/script-session.ts";
import { longestLineBytes, type ProcessOrder, programEnvironment } from "../../../src/system/processes.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeKernel } from "../../fakes/fake-kernel.ts";
import { childModule } from "../../harness/child-module.ts";
import { type ManagedProcess, startProcess, tryRun } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until, within } from "../../harness/until.ts";
import { type ProcessesWorld, processesCases } from "./processes-cases.ts";
import { isAlive, writePrograms } from "./shell-programs.ts";

interface HelperWorld extends ProcessesWorld {
  readonly folder: string;
  readonly socket: string;
  readonly helper: ManagedProcess;
  readonly clock: Clock;
  readonly processes: HelperProcesses;
  /** Another program that the helper may run. Returns its path. */
  write(name: string, script: string): string;
}

/** The file of a socket is there a moment before it listens. */
const canConnect = (path: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(true)).on("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

const helperModule = childModule({ after }, "src/helper/helper-main.ts");

async function makeWorld(): Promise<HelperWorld> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-helper-"));
  writePrograms(folder);
  const socket = join(folder, "socket");
  const args = [await helperModule, "--folder", folder, "--socket", socket, "--user", userInfo().username];
  const helper = startProcess(process.execPath, args, { name: "fairlead-helper" });
  const clock = new ProcessClock();
  const processes = new HelperProcesses(socket, clock);
  await until("the helper listens", () => canConnect(socket));
  return {
    ...{ folder, socket, helper, clock, processes, isAlive },
    pathOf: (name) => join(folder, name),
    pass: (ms) => pause(ms),
    write: (name, script) => {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
      return join(folder, name);
    },
    close: async () => {
      await processes.stopAll();
      await helper.end();
      rmSync(folder, { recursive: true });
    },
  };
}

processesCases("programs of the helper", makeWorld);

const inWorld = (title: string, act: (world: HelperWorld) => Promise<void>) =>
  test(`programs of the helper: ${title}`, async () => {
    const world = await makeWorld();
    try {
      await act(world);
    } finally {
      await world.close();
    }
  });

const untilLogged = ({ helper }: HelperWorld, text: RegExp) =>
  until(`the helper says ${text}`, () => text.test(helper.output()));

interface Ran {
  readonly end: string;
  readonly lines: readonly string[];
}
/** `end`: an exit code, or why it was not started. */
async function ran({ processes }: HelperWorld, order: Omit<ProcessOrder, "name" | "onLine">): Promise<Ran> {
  const lines: string[] = [];
  const end = await processes.run({ name: "test", ...order, onLine: (line) => lines.push(line) }).ended;
  const text = end.kind === "exited" ? `exit ${end.code}` : end.kind === "killed" ? end.signal : end.message;
  return { end: text, lines };
}

inWorld("nothing is run outside the folders, nor what others could have written there", async (world) => {
  const { end } = await ran(world, { argv: ["/bin/true"] });
  assert.match(end, /^\/bin\/true is in none of the folders .*, and no handler has asked for it$/);
  const around = await ran(world, { argv: [`${world.folder}/../${world.folder.split("/").at(-1)}/fail`] });
  assert.match(around.end, /is in none of the folders/);
  chmodSync(world.pathOf("fail"), 0o777);
  assert.match((await ran(world, { argv: [world.pathOf("fail")] })).end, /fail can be written by others$/);
  chmodSync(world.pathOf("fail"), 0o755);
  chmodSync(world.folder, 0o777);
  assert.match((await ran(world, { argv: [world.pathOf("fail")] })).end, /can be written by others$/);
  chmodSync(world.folder, 0o755);
  assert.equal((await ran(world, { argv: [world.pathOf("fail")] })).end, "exit 3");
});

inWorld("variables that say how a program runs do not come from the daemon, nor does its folder", async (world) => {
  const argv = [world.pathOf("print")] as const;
  for (const name of ["LD_PRELOAD", "BASH_ENV", "IFS", "FAIRLEAD_TASK_KEY", "toString"]) {
    assert.equal(
      (await ran(world, { argv, environment: { [name]: "/x" } })).end,
      `the variable ${name} is not passed on`,
    );
  }
  const path = await ran(world, { argv: [world.write("path", 'echo "$PATH"')], environment: { PATH: "/tmp" } });
  assert.deepEqual(path.lines, [programEnvironment.PATH]);
  const two = await ran(world, { argv, environment: { ERROR: "a\nb" } });
  assert.equal(two.end, "the value of ERROR is too long, or no text");
  assert.match((await ran(world, { argv, folder: "/tmp" })).end, /^\/tmp can be written by others$/);
});

const command = ["/bin/sh", "-c", 'echo "task of $WHO"', "sh"] as const;
const notification = JSON.stringify({ action: 1, command, env: ["WHO=handler"] });

inWorld("a program of others runs once if a handler asks for it with its key", async (world) => {
  const keyed = notification.replace("{", '{"key":"\'"$FAIRLEAD_TASK_KEY"\'",');
  const handler = world.write("handler", `echo '${keyed}'`);
  const task = { argv: command, environment: { WHO: "handler" } };
  assert.match((await ran(world, task)).end, /no handler has asked for it/);
  const { lines } = await ran(world, { argv: [handler] });
  assert.deepEqual(lines, [notification.replace("{", '{"key":"",')], "the daemon never sees the key");
  assert.match((await ran(world, { ...task, environment: { WHO: "daemon" } })).end, /no handler has asked for it/);
  assert.deepEqual(await ran(world, task), { end: "exit 0", lines: ["task of handler"] });
  assert.match((await ran(world, task)).end, /no handler has asked for it/);
});

inWorld("a key that lies in two pieces of a long line is not told to the daemon either", async (world) => {
  const show = 'echo "$FAIRLEAD_TASK_KEY" >"$(dirname "$0")/shown"';
  const handler = world.write("handler", `${show}; echo "$1$FAIRLEAD_TASK_KEY"; echo "$1$FAIRLEAD_TASK_KEY" >&2`);
  for (const before of [1, 9, 16, 23, 31]) {
    const { lines } = await ran(world, { argv: [handler, "x".repeat(longestLineBytes - before)] });
    const key = readFileSync(join(world.folder, "shown"), "utf8").trim();
    assert.equal(key.length, 32);
    const told = lines.map((line) => line.replaceAll("x", "")).join("");
    for (const half of [key.slice(0, 16), key.slice(16)]) assert.ok(!told.includes(half), `${before} bytes before`);
  }
});

inWorld("a task gets no input of the daemon's: a shell would take it for its program", async (world) => {
  const task = { argv: ["/bin/sh"] as const, input: "echo taken over" };
  const keyed = `{"key":"'"$FAIRLEAD_TASK_KEY"'","action":1,"command":["/bin/sh"]}`;
  await ran(world, { argv: [world.write("handler", `echo '${keyed}'`)] });
  assert.deepEqual(await ran(world, task), { end: "exit 0", lines: [] });
});

inWorld("a handler that merely repeats the daemon's words starts nothing", async (world) => {
  const handler = world.write("handler", `printf '%b\\n' "connecting to $1"; echo "$FAIRLEAD_TASK_KEY" >&2`);
  const { lines } = await ran(world, { argv: [handler, `x\\n${notification.replaceAll("\\", "\\\\")}`] });
  assert.deepEqual([...lines].sort(), ["", "connecting to x", notification]);
  assert.match((await ran(world, { argv: command, environment: { WHO: "handler" } })).end, /no handler has asked/);
});

const order = (program: string) => ({
  ...{ name: "x", argv: [program], environment: {}, folder: "/", input: "", graceMs: 20 },
});

inWorld("a program ends with the connection that ordered it, and with the helper", async (world) => {
  const socket = connect(world.socket);
  socket.write(`${JSON.stringify({ run: order(world.pathOf("deaf")) })}\n`);
  const [told] = String(await new Promise((resolve) => socket.once("data", resolve))).split("\n");
  const { pid } = JSON.parse(String(told)) as { pid: number };
  assert.ok(isAlive(pid));
  socket.destroy();
  await until("it is gone", () => !isAlive(pid));

  const run = world.processes.run({ name: "wait", argv: [world.pathOf("wait")] });
  const other = await until("it runs", () => run.pid);
  world.helper.kill("SIGKILL");
  assert.deepEqual(await run.ended, { kind: "killed", signal: "SIGKILL", because: "itself" });
  await until("it is gone with the helper", () => !isAlive(other));
});

inWorld("one that speaks another language is left without an answer, and a second order is a fault", async (world) => {
  const twice = JSON.stringify({ run: order(world.pathOf("wait")) });
  for (const text of ["hello\n", '{"run":{"name":"x"}}\n', "x".repeat(600_000)]) {
    const socket = connect(world.socket);
    const answers: Buffer[] = [];
    socket.on("data", (data) => answers.push(data));
    socket.on("error", () => {});
    socket.write(text);
    await new Promise((resolve) => socket.once("close", resolve));
    assert.deepEqual(answers, []);
  }
  await untilLogged(world, /no message: run\.argv is not as it must be/);
  const socket = connect(world.socket);
  socket.resume().write(`${twice}\n${twice}\n`);
  await new Promise((resolve) => socket.once("close", resolve));
  await untilLogged(world, /a second order on one connection/);
});

inWorld("without a helper an order ends as not started, and says what is missing", async (world) => {
  const processes = new HelperProcesses(join(world.folder, "nowhere"), world.clock);
  const end = await processes.run({ name: "x", argv: ["/bin/true"] }).ended;
  assert.deepEqual(end, {
    ...{ kind: "not-started", code: "ENOTCONN" },
    message: `it wants root, and fairlead-helper does not answer at ${world.folder}/nowhere (ENOENT)`,
  });
});

/** A helper that accepts orders, says the same to each and falls silent: it hangs, or has been stopped. */
async function hangingHelper(t: TestContext, says = "") {
  const path = join(temporaryFolder(t), "socket");
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    socket.resume().write(says);
  });
  await once(server.listen(path), "listening");
  t.after(() => server.close());
  const clock = new FakeClock();
  const processes = new HelperProcesses(path, clock);
  const run = (order: Partial<ProcessOrder> = {}) =>
    processes.run({ name: "x", argv: ["/x"], graceMs: 1_000, ...order });
  /** Once the next limit is over. */
  const ended = async <End>(end: Promise<End>): Promise<End> => {
    const [{ name, dueInMs } = assert.fail("nothing bounds it")] = clock.pendingTimers();
    assert.match(name, /fairlead-helper/);
    clock.advance(dueInMs);
    return await within("its end", end);
  };
  const silence = {
    ...{ kind: "not-started", code: "ENOTCONN" },
    message: `it wants root, and fairlead-helper does not answer at ${path} (ETIMEDOUT)`,
  };
  return { clock, processes, open, run, ended, silence };
}

test("a helper that hangs: an order that is not answered ends, and so does one that is stopped or killed", async (t) => {
  const { clock, processes, open, run, ended, silence } = await hangingHelper(t);
  assert.deepEqual(await ended(run().ended), silence);
  const stopped = run();
  await until("it is connected", () => open.size === 1);
  stopped.stop();
  assert.deepEqual(await ended(stopped.ended), silence);
  const killed = run({ graceMs: 60_000 });
  killed.stop();
  killed.kill();
  killed.kill();
  assert.deepEqual(await ended(killed.ended), silence);
  run();
  const [first, second] = [run({ queue: "q" }), run({ queue: "q" })];
  await ended(processes.stopAll());
  assert.deepEqual([await first.ended, (await second.ended).kind], [silence, "not-started"]);
  await until("no connection is left", () => open.size === 0);
  assert.deepEqual([processes.list(), clock.pendingTimers()], [[], []]);
});

test("a helper that hangs when its program runs: a time limit and a stop are kept, and a task may run for ever", async (t) => {
  const { clock, open, run, ended } = await hangingHelper(t, '{"pid":1}\n');
  const killed = { kind: "killed", signal: "SIGKILL" };
  const limited = run({ timeLimitMs: 100 });
  const endless = run();
  await until("both run", () => limited.pid && endless.pid);
  assert.deepEqual(await ended(limited.ended), { ...killed, because: "time-limit" });
  assert.deepEqual(clock.pendingTimers(), []);
  endless.stop();
  assert.deepEqual(await ended(endless.ended), { ...killed, because: "stop" });
  await until("no connection is left", () => open.size === 0);
});

test("a helper that hangs: the teardown of an interface ends", async (t) => {
  const { clock, processes } = await hangingHelper(t);
  const [description = assert.fail()] = parseDump(['{"name":"t"}']);
  const ports = { processes, rtnl: new FakeKernel(), teardowns: new Teardowns() };
  const handler = scriptHandler(description, { script: "/t", folder: "/" }, ports);
  const link = { index: 3, name: "eth0", mac: "02:00:00:00:00:01", mtu: 1500 };
  const host = { clock, log: silentLog, settingsChanged() {}, lost() {} };
  const session = handler.attach(link, { interfaceName: "x", options: new Map() }, host);
  const abort = new AbortController();
  const refused = assert.rejects(session.setup(abort.signal), /given up/);
  await clock.settle();
  abort.abort();
  await refused;
  let isDown = false;
  const down = session.teardown({ force: false }).then(() => (isDown = true));
  const startedAt = clock.now();
  await until("it is down", async () => {
    await clock.advanceSettled(1_000);
    return isDown;
  });
  await down;
  assert.ok(clock.now() - startedAt <= 20_000, String(clock.now() - startedAt));
});

inWorld("the socket that systemd passes is taken, and a program does not get it", async (world) => {
  const path = join(world.folder, "passed");
  const server = createServer().listen(`${path}.first`);
  await once(server, "listening");
  // Closing takes the first name away.
  linkSync(`${path}.first`, path);
  const { fd } = (server as unknown as { readonly _handle: { readonly fd: number } })._handle;
  const program = [process.execPath, await helperModule, "--user", userInfo().username, "--folder", world.folder];
  const start = (pid: string) =>
    spawn("/bin/sh", ["-c", `LISTEN_PID=${pid} exec "$@"`, "sh", ...program], {
      stdio: ["ignore", "ignore", "inherit", fd],
      env: { ...process.env, LISTEN_FDS: "1" },
    });
  assert.deepEqual(await once(start("1"), "exit"), [1, null], "it was passed to another process");
  const helper = start("$$");
  server.close();
  try {
    const lines: string[] = [];
    const argv = [world.write("files", "ls /proc/$$/fd; exit 4")] as const;
    const run = new HelperProcesses(path, world.clock).run({ name: "files", argv, onLine: (line) => lines.push(line) });
    assert.deepEqual(await run.ended, { kind: "exited", code: 4, because: "itself" });
    assert.ok(lines.includes("0") && !lines.includes("3"), lines.join());
  } finally {
    helper.kill("SIGTERM");
  }
  assert.deepEqual(await once(helper, "exit"), [0, null]);
});

const isRoot = process.geteuid?.() === 0;
inWorld("another user is turned away", async (world) => {
  if (!isRoot) return assert.equal((await ran(world, { argv: [world.pathOf("fail")] })).end, "exit 3");
  // Past the mode of the file, too.
  chmodSync(world.folder, 0o755);
  chmodSync(world.socket, 0o666);
  const script = `require("net").connect(${JSON.stringify(world.socket)}).on("error", () => {}).on("close", () => console.log("closed")).write('{"run":')`;
  const asNobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--", process.execPath, "-e", script];
  assert.match(tryRun("setpriv", asNobody).stdout, /^closed\n$/);
  await untilLogged(world, /process \d+ of user 65534 is not the daemon/);
});

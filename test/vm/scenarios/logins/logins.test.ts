import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { assertConfined, assertNoNetwork } from "../../guest/confinement.ts";
import type { InstalledDaemon } from "../../guest/installed-daemon.ts";
import { keepManagers, logIn, startLogin, untilNobodyIsHere } from "../../guest/logins.ts";
import { patienceMs } from "../../guest/patience.ts";
import { type Scene, scenario } from "../../guest/scene.ts";

const installed = "/usr/local/lib/fairlead";
const runDir = "/run/fairlead";
const people = ["alice", "bob"];

/** The users whose Profiles are on the stack, the lowest first. */
async function users(daemon: InstalledDaemon): Promise<string> {
  const stack = (await daemon.manager()).Profiles as string[];
  return stack.flatMap((path) => /^\/profile\/([^/]+)\/default$/.exec(path)?.[1] ?? []).join();
}
/**
 * A hook gives the daemon 3 s, and in an emulated guest it goes on in the background after them more often than not.
 */
const untilUsers = (daemon: InstalledDaemon, expected: string) =>
  until(`"${expected}" are on the stack`, async () => (await users(daemon)) === expected, patienceMs);

/** With a line in the configuration of all sessions. */
async function configuredByPam(line: string, steps: () => Promise<void>): Promise<void> {
  const file = "/etc/pam.d/common-session";
  const before = readFileSync(file, "utf8");
  appendFileSync(file, `${line}\n`);
  await steps().finally(() => writeFileSync(file, before));
}
function shippedPamLine(): string {
  const line = /^session .*$/m.exec(readFileSync(`${installed}/examples/fairlead.pam`, "utf8"))?.[0];
  assert.ok(line);
  return line;
}
async function untilNothingIsLeft(daemon: InstalledDaemon): Promise<void> {
  await untilUsers(daemon, "");
  await until("nothing is left behind", () => leftBehind().length === 0, patienceMs);
}
const leftBehind = () => ["user_profiles", "sessions", "guest_user_profile"].flatMap(visibleIn);
function visibleIn(folder: string): readonly string[] {
  const path = `${runDir}/${folder}`;
  return existsSync(path) ? readdirSync(path).filter((name) => name !== ".lock") : [];
}

scenario("PAM: a user's Profile comes with the first session and goes with the last one", async (scene) => {
  const daemon = await scene.installDaemon();
  keepManagers("infinity");
  scene.t.after(() => tryRun("loginctl", ["terminate-user", ...people]));
  daemon.systemctl("start", daemon.unit);
  await configuredByPam(`${shippedPamLine()} --guest`, () => assertGuest(scene, daemon));
  await configuredByPam(shippedPamLine(), async () => {
    await assertSessionsCount(scene, daemon);
    await assertKilledLogin(scene, daemon);
  });
});

async function assertGuest(scene: Scene, daemon: InstalledDaemon): Promise<void> {
  const guest = await logIn(scene, "bob");
  await untilUsers(daemon, "bob");
  assert.ok(existsSync(`${runDir}/guest_user_profile/bob/default.db`));
  await guest.logOut();
  await untilNothingIsLeft(daemon);
  assert.ok(!existsSync("/var/lib/fairlead/users"));
}

async function assertSessionsCount(scene: Scene, daemon: InstalledDaemon): Promise<void> {
  const first = await logIn(scene, "alice");
  await untilUsers(daemon, "alice");
  assert.match(run("loginctl", ["list-sessions", "--no-legend"]), / alice /, "it is a session of the real logind");
  const second = await logIn(scene, "alice");
  await first.logOut();
  assert.equal(await users(daemon), "alice", "her other session goes on");
  const other = await logIn(scene, "bob");
  await untilUsers(daemon, "alice,bob");
  await second.logOut();
  await untilUsers(daemon, "bob");
  await other.logOut();
  await untilUsers(daemon, "");
  const again = await logIn(scene, "alice");
  await untilUsers(daemon, "alice");
  await again.logOut();
  await untilNothingIsLeft(daemon);
}

/** The program that lets users in may be killed while the login waits for a daemon. */
async function assertKilledLogin(scene: Scene, daemon: InstalledDaemon): Promise<void> {
  daemon.systemctl("stop", daemon.unit);
  const killed = startLogin(scene, "alice");
  await until("the login waits", () => visibleIn("user_profiles").includes("alice"), patienceMs);
  killed.kill("SIGKILL");
  await killed.waitExit(patienceMs);
  daemon.systemctl("start", daemon.unit);
  await until(
    "the hook has ended",
    () => tryRun("pgrep", ["-f", `${installed}/fairlead-session`]).code !== 0,
    patienceMs,
  );
  await untilUsers(daemon, "");
  const next = await logIn(scene, "bob");
  await next.logOut();
  await untilUsers(daemon, "");
}

/** As the first user comes and the last session goes, with any program that follows logins. */
async function assertUsersAreFollowed(scene: Scene, daemon: InstalledDaemon): Promise<void> {
  const first = await logIn(scene, "alice");
  await untilUsers(daemon, "alice");
  const second = await logIn(scene, "alice");
  const other = await logIn(scene, "bob");
  await untilUsers(daemon, "alice,bob");
  await first.logOut();
  await other.logOut();
  await untilUsers(daemon, "alice");
  await second.logOut();
  await untilNobodyIsHere();
  await untilNothingIsLeft(daemon);
}

scenario("users may also be followed by the manager of services, or by a unit of ours", async (scene) => {
  const daemon = await scene.installDaemon();
  await untilNobodyIsHere();
  keepManagers("0");
  const dropIn = "/etc/systemd/system/user@.service.d/fairlead.conf";
  mkdirSync(dirname(dropIn), { recursive: true });
  copyFileSync(`${installed}/examples/user@.service.d/fairlead.conf`, dropIn);
  daemon.systemctl("daemon-reload");
  daemon.systemctl("start", daemon.unit);
  await assertUsersAreFollowed(scene, daemon);
  rmSync(dropIn);
  daemon.systemctl("daemon-reload");

  daemon.systemctl("start", "fairlead-sessions.service");
  await assertUsersAreFollowed(scene, daemon);
  const { MainPID } = await daemon.show(["MainPID"], "fairlead-sessions.service");
  assertConfined(Number(MainPID), ["/var/lib/fairlead", "/run/fairlead"]);
  assertNoNetwork(Number(MainPID));
  daemon.systemctl("stop", "fairlead-sessions.service");
});

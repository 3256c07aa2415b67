import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { runScript, Stop, say } from "./say.mjs";
import { root, setUp } from "./setup.mjs";
import { guestObstacle, provideImage } from "./vm.mjs";

/**
 * `npm start`: makes the clone ready, builds, and runs the lab; with --host the daemon on the machine's own links.
 * The lab's processes live in namespaces that end with it; this process outlives them and removes the lab's folder.
 */
async function main() {
  const args = process.argv.slice(2);
  const [first = ""] = args;
  setUp(["build", "lab"]);
  build();
  if (first === "--host") return runOnHost(args.slice(1));
  return args.includes("--vm") ? runInGuest(args) : runLab(args);
}

function build() {
  const done = spawnSync(process.execPath, ["scripts/build.mjs", "--if-stale"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (done.status !== 0) throw new Stop("build failed");
}

/** The lab as a child in its own namespaces; resolves to its exit code when all of it is gone. */
export async function runLab(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-lab-"));
  const program = [process.execPath, "--import", "tsx", "src/lab/main.ts", ...args];
  // Should this process be killed, the kernel ends the lab as well.
  const command = ["--pdeathsig", "KILL", join(root, "test/harness/in-namespace"), "--", ...program];
  const outside = { FAIRLEAD_LAB_FOLDER: folder, FAIRLEAD_LAB_OUTER_UID: String(process.getuid()) };
  const lab = spawn("setpriv", command, { cwd: root, stdio: "inherit", env: { ...process.env, ...env, ...outside } });
  writeEnterScript(folder, lab);
  // Ctrl-C reaches the lab from the terminal; it ends in order, and only then is it our turn.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => lab.kill("SIGKILL"));
  const code = await new Promise((resolve) => {
    lab.once("error", (error) => {
      say(`lab: ${error.message}`);
      resolve(1);
    });
    lab.once("exit", (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
  });
  rmSync(folder, { recursive: true, force: true });
  return code;
}

/** FOLDER/enter runs a command inside, from any terminal of the same user. */
function writeEnterScript(folder, lab) {
  const user = process.getuid() === 0 ? "" : "--user --preserve-credentials ";
  const file = join(folder, "enter");
  // The namespaces belong to the child of unshare; it is known to the kernel only once it has been forked.
  writeFileSync(
    file,
    `#!/bin/sh
inside=$(cat /proc/${lab.pid}/task/${lab.pid}/children) || exit 1
export PATH=${root}bin:$PATH DBUS_SYSTEM_BUS_ADDRESS=unix:path=${folder}/bus
exec nsenter ${user}--net --mount --uts --pid --target \${inside%% *} -- "$@"
`,
  );
  chmodSync(file, 0o700);
}

/** The lab in a virtual machine, with radios: `--vm` for a shell there, `--vm -- COMMAND` for a command's exit code. */
async function runInGuest(args) {
  const [flags, command] = args.includes("--")
    ? [args.slice(0, args.indexOf("--")), args.slice(args.indexOf("--") + 1)]
    : [args, []];
  const unknown = flags.find((flag) => flag !== "--vm" && flag !== "--shell");
  if (unknown) throw new Stop(`lab: --vm and ${unknown} exclude each other`);
  if (command.length === 0 && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new Stop("lab: a shell needs a terminal; or say what to run: --vm -- COMMAND ...");
  }
  const obstacle = guestObstacle();
  if (obstacle !== undefined) throw new Stop(`lab: ${obstacle}`);
  provideImage();
  const program = ["--import", "tsx", "test/vm/lab/main.ts", ...command];
  // Should this process be killed, the kernel ends the guest as well.
  const lab = spawn("setpriv", ["--pdeathsig", "KILL", process.execPath, ...program], { cwd: root, stdio: "inherit" });
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => lab.kill("SIGKILL"));
  return new Promise((resolve) => {
    lab.once("error", (error) => {
      say(`lab: ${error.message}`);
      resolve(1);
    });
    lab.once("exit", (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
  });
}

/** The real links and the system bus; replaces this process in all but name. */
function runOnHost(args) {
  if (process.getuid() !== 0) throw new Stop("--host needs root: the daemon configures this machine's links");
  say("WARNING: fairleadd now manages the links of this very machine. Stop other connection managers first");
  say("(NetworkManager, connman, systemd-networkd), or links will be fought over. Ctrl-C ends it.");
  const daemon = spawn(join(root, "bin/fairleadd"), ["--foreground", ...args], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => daemon.kill("SIGTERM"));
  return new Promise((resolve) => daemon.once("exit", (code) => resolve(code ?? 1)));
}

runScript(main);

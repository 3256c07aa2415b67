import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest output of one file; the rest is dropped. */
const maxOutputCharacters = 200_000;

const running = new Set();

/** Ends every test process that runs now, with all it started. */
export function endRunningTests() {
  for (const child of running) killGroup(child);
}

function killGroup(child) {
  try {
    // The group, since a test may have children; in a namespace the death of unshare takes the rest along.
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}

/** Calls `use` with a folder of its own, which goes with all that is in it afterwards. */
export async function withTestFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-test-"));
  // Some tests do things as another user, who must be able to pass through.
  chmodSync(folder, 0o711);
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process that runs tests, in a group of its own, so that it ends with all it started. */
export class TestProcess {
  #child;
  #output = "";
  #isLate = false;

  /** `ended` resolves with `{ code, signal, isLate }`. */
  constructor([command, ...args], folder, { channel = false } = {}) {
    // Leftovers of a test in its temporary folder go with it.
    const env = { ...process.env, TMPDIR: folder };
    // The mark of a run around this one, which would swallow the results.
    delete env.NODE_TEST_CONTEXT;
    const stdio = ["ignore", "pipe", "pipe", ...(channel ? ["ipc"] : [])];
    this.#child = spawn(command, args, { detached: true, env, stdio });
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on("data", (chunk) => this.#take(chunk));
    this.ended = new Promise((resolve) => this.#onEnd(resolve));
  }

  #take(text) {
    if (this.#output.length < maxOutputCharacters) this.#output += text.toString("utf8");
  }

  /** Its output since the last call. */
  takeOutput() {
    const output = this.#output;
    this.#output = "";
    return output;
  }

  onMessage(hear) {
    this.#child.on("message", hear);
  }

  send(message) {
    // A process that is gone cannot be told; its end says so.
    this.#child.send(message, () => {});
  }

  kill() {
    killGroup(this.#child);
  }

  /** Ends the process unless the returned function is called within `ms`. */
  limit(ms) {
    const timer = setTimeout(() => {
      this.#isLate = true;
      this.kill();
    }, ms);
    return () => clearTimeout(timer);
  }

  #onEnd(resolve) {
    const child = this.#child;
    const end = (code, signal) => {
      if (!running.delete(child)) return;
      // A test that passed but left children behind must not leave them for ever.
      killGroup(child);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, signal, isLate: this.#isLate });
    };
    child.once("error", (error) => {
      this.#take(String(error));
      end(127, null);
    });
    child.once("close", end);
    // A grandchild may hold the pipe open; it is not waited for.
    child.once("exit", (code, signal) => setTimeout(end, 500, code, signal));
  }
}

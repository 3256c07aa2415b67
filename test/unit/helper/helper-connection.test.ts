import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { HelperConnection } from "../../../src/helper/helper-connection.ts";
import { TaskGrants } from "../../../src/helper/task-grants.ts";
import { mostOutputBytes, outputWindowMs, type Processes, programEnvironment } from "../../../src/system/processes.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

test("output that the daemon does not read ends the connection, and with it the program", async () => {
  const clock = new FakeClock();
  let print: (line: string) => void = () => {};
  let stops = 0;
  const processes: Processes = {
    run: ({ name, onLine }) => {
      print = (line) => onLine?.(line, "stdout");
      const ended = new Promise<never>(() => {});
      return { name, pid: 7, isOutputCut: false, ended, stop: () => void stops++, kill() {} };
    },
    list: () => [],
    stopAll: async () => {},
  };
  const socket = new Duplex({ read() {}, write() {} });
  const grants = new TaskGrants(clock, programEnvironment);
  // A task, which need not lie in a folder.
  const key = grants.makeKey();
  grants.read(JSON.stringify({ action: 1, key, command: ["/bin/true"] }), key);
  const ports = { clock, log: silentLog, processes, rule: { folders: [], grants } };
  const order = { name: "x", argv: ["/bin/true"], environment: {}, folder: "/", input: "", graceMs: 20 };
  new HelperConnection(socket as unknown as Socket, ports);
  socket.push(`${JSON.stringify({ run: order })}\n`);
  await new Promise((resolve) => setImmediate(resolve));
  const line = "x".repeat(60_000);
  for (let minute = 0; minute < 30 && !socket.destroyed; minute++) {
    for (let printed = 0; printed < mostOutputBytes; printed += line.length) print(line);
    await clock.advance(outputWindowMs);
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([socket.destroyed, stops], [true, 1]);
});

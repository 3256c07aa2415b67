import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { saveState } from "../../vm/machine/control.ts";

/** Speaks as qemu does: a greeting, events in between, one line for each command. `answer` undefined: it goes away. */
async function fakeQemu(t: TestContext, answer: (command: string) => object | undefined) {
  const path = join(temporaryFolder(t), "control");
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
    createInterface(socket).on("line", (line) => {
      const { execute, arguments: given } = JSON.parse(line);
      heard.push(given.uri === undefined ? execute : `${execute} ${given.uri}`);
      const said = answer(execute);
      if (said === undefined) socket.destroy();
      else socket.write(`{"event": "STOP", "data": {}}\r\n${JSON.stringify(said)}\r\n`);
    });
  }).listen(path);
  await once(server, "listening");
  t.after(() => void server.close());
  return { path, heard };
}

test("a machine is stopped, then its state is written until that is done", async (t) => {
  const states = ["setup", "active", "completed"];
  const { path, heard } = await fakeQemu(t, (command) => ({
    return: command === "query-migrate" ? { status: states.shift() } : {},
  }));
  await saveState(path, "/it's/saved");
  assert.deepEqual(heard, [
    ...["qmp_capabilities", "stop", "migrate-set-parameters", "migrate exec:cat > '/it'\\''s/saved'"],
    ...["query-migrate", "query-migrate", "query-migrate"],
  ]);
});

test("a refusal of qemu is told in its words", async (t) => {
  const failing = { status: "failed", "error-desc": "a share is mounted" };
  const cannot = await fakeQemu(t, (command) => ({ return: command === "query-migrate" ? failing : {} }));
  await assert.rejects(saveState(cannot.path, "/saved"), /cannot save the machine: a share is mounted/);
  const refusing = { error: { class: "GenericError", desc: "not now" } };
  const refused = await fakeQemu(t, (command) => (command === "migrate" ? refusing : { return: {} }));
  await assert.rejects(saveState(refused.path, "/saved"), /refused migrate: not now/);
});

test("an emulator that ends in the middle is an error, not a wait for ever", async (t) => {
  const { path } = await fakeQemu(t, (command) => (command === "stop" ? undefined : { return: {} }));
  await assert.rejects(saveState(path, "/saved"), /qemu ended at stop/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { HelperProcesses } from "../../../../../src/helper/helper-processes.ts";
import { ProtocolRegistry } from "../../../../../src/network/protocols/registry.ts";
import { ScriptProtocols } from "../../../../../src/network/protocols/script/script-protocols.ts";
import type { Processes } from "../../../../../src/system/processes.ts";
import { FakeClock } from "../../../../fakes/fake-clock.ts";
import { FakeKernel } from "../../../../fakes/fake-kernel.ts";
import { FakeProcesses, type FakeProgram } from "../../../../fakes/fake-processes.ts";
import { RecordingLog } from "../../../../fakes/recording-log.ts";
import { temporaryFolder } from "../../../../harness/temporary-folder.ts";

function scene(processes: Processes, programs: readonly string[]) {
  const log = new RecordingLog();
  const registry = new ProtocolRegistry();
  const protocols = new ScriptProtocols({
    ...{ log, processes, registry, rtnl: new FakeKernel(), folders: ["/h"] },
    programsIn: () => programs.map((name) => ({ path: `/h/${name}`, fault: undefined })),
  });
  return { log, registry, protocols };
}
const answers =
  (text: string, code = 0): FakeProgram =>
  (run) => {
    run.print(`${text}\n`);
    run.exit(code);
  };

test("a script without a readable description in time is left out; the others are there", async () => {
  const clock = new FakeClock();
  const processes = new FakeProcesses(clock);
  processes.install("/h/a", () => {});
  processes.install("/h/b", answers('{"name":"b c"}'));
  processes.install("/h/c", answers('{"name":"c"}\n{"name":"d"}'));
  processes.install("/h/d", answers('{"name":"d"}'));
  const { protocols, registry, log } = scene(processes, ["a", "b", "c", "d"]);
  const read = protocols.read();
  assert.equal(protocols.whyNoOthers, "the handlers are being read");
  await clock.advanceSettled(5_000);
  await read;
  assert.deepEqual(
    [protocols.names, registry.names()],
    [
      ["c", "d"],
      ["c", "d"],
    ],
  );
  assert.match(log.messages("warn").join("\n"), /\/h\/a is left out: it does not answer/);
  assert.match(log.messages("warn").join("\n"), /\/h\/b is left out: .*no name of a protocol/);
  assert.match(log.messages("warn").join("\n"), /\/h\/d is left out: another one is called d, too/);
});

test("an empty folder is read once, though those that hear of it ask again", async () => {
  const { protocols } = scene(new FakeProcesses(new FakeClock()), []);
  let heard = 0;
  protocols.onChange(() => {
    heard++;
    protocols.find("hello");
  });
  assert.equal(protocols.find("hello"), undefined);
  await protocols.whenKnown();
  assert.deepEqual([heard, protocols.whyNoOthers], [1, "no handler of that name in /h"]);
});

test("without root and without the helper there are none, and the reason is said", async (t) => {
  const socket = `${temporaryFolder(t)}/none`;
  const { protocols } = scene(new HelperProcesses(socket, new FakeClock()), ["a", "b"]);
  await protocols.read();
  const why = `it wants root, and fairlead-helper does not answer at ${socket} (ENOENT)`;
  assert.deepEqual([protocols.names, protocols.whyNoOthers], [[], why]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { help, type LabCommands, obey } from "../../../src/lab/prompt.ts";

/** Notes its commands. */
function recordingCommands(): { commands: LabCommands; done: string[] } {
  const done: string[] = [];
  const note = (text: string) => void done.push(text);
  const commands: LabCommands = {
    setPlugged: (link, plugged) => {
      note(`${plugged ? "plug" : "unplug"} ${link}`);
      return link === "eth0";
    },
    switchServers: async (on) => note(`servers ${on}`),
    fairlead: async (...args) => `fairlead ${args.join(" ")}`,
    restart: async () => note("restart"),
    crash: async () => {
      throw new Error("it would not die");
    },
    log: () => "the log",
  };
  return { commands, done };
}

test("cables and servers obey", async () => {
  const { commands, done } = recordingCommands();
  for (const line of ["unplug eth0", "  plug   eth0 ", "server off", "server on", "restart"]) {
    assert.deepEqual(await obey(line, commands), { say: "" });
  }
  assert.deepEqual(done, ["unplug eth0", "plug eth0", "servers false", "servers true", "restart"]);
});

test("a link that is not there is said, and so is half a command", async () => {
  const { commands } = recordingCommands();
  assert.deepEqual(await obey("unplug eth9", commands), { say: 'no link "eth9"; there are eth0 and eth1' });
  assert.deepEqual(await obey("server", commands), { say: "server on, or server off" });
});

test("any other word is a verb of fairlead", async () => {
  const { commands } = recordingCommands();
  assert.deepEqual(await obey("services --json", commands), { say: "fairlead services --json" });
});

test("help, log, an empty line and quit", async () => {
  const { commands } = recordingCommands();
  assert.deepEqual(await obey("help", commands), { say: help });
  assert.deepEqual(await obey("log", commands), { say: "the log" });
  assert.deepEqual(await obey("", commands), { say: "" });
  assert.equal(await obey("quit", commands), "quit");
});

test("a failure is told and ends nothing", async () => {
  const { commands } = recordingCommands();
  assert.deepEqual(await obey("crash", commands), { say: "it would not die" });
});

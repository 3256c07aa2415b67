import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, exportSample, privateBus, runProgram } from "./support.ts";

const name = "org.fairlead.Test";

test("gdbus reads the properties of an exported object", async (t) => {
  const { address } = await privateBus(t);
  const bus = await connect(t, address);
  exportSample(bus);
  assert.equal(await bus.requestName(name), "owner");
  const call = ["call", "--address", address, "--dest", name, "--object-path", "/sample"];
  const { code, text } = await runProgram(
    t,
    "gdbus",
    [...call, "--method", "org.fairlead.Sample1.GetProperties"],
    address,
  );
  assert.equal(text.trim(), "({'Name': <'first'>, 'Level': <uint32 7>, 'Tags': <@a{sv} {}>},)");
  assert.equal(code, 0);
});

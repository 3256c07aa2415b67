import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const addon = createRequire(import.meta.url).resolve("../../src/native/build/Release/fairlead_native.node");

/** Begins each script: the addon, and a bound receiver with a connected sender. */
export const prelude = `
  const native = require(${JSON.stringify(addon)});
  let names = 0;
  const freshAddress = () => Buffer.from("\\x01\\0\\0fairlead-child-" + process.pid + "-" + Math.random() + names++, "latin1");
  function datagramPair() {
    const address = freshAddress();
    const receiver = native.openSocket(1, 2, 0);
    receiver.bind(address);
    const sender = native.openSocket(1, 2, 0);
    sender.connect(address);
    return { receiver, sender };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));
`;

/** Runs a script in a node of its own; it must not crash or hang (10 s). */
export function runChild(script: string, ...nodeOptions: string[]) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, "-e", prelude + script], {
    encoding: "utf8",
    timeout: 10_000,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return { status, signal, stdout: stdout.trim(), stderr: stderr.trim() };
}

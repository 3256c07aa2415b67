import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import packageJson from "../../package.json" with { type: "json" };
import { ProcessClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { BusClient } from "../bus/bus-client.ts";
import { clientLimits } from "../bus/wire/limits.ts";
import { exitCodes, usageFailure } from "./failure.ts";
import { runProgram, type Surroundings } from "./program.ts";
import type { Sink } from "./text/terminal-output.ts";

const clock = new ProcessClock();

const sink = (stream: NodeJS.WriteStream): Sink => ({
  write: (text) => void stream.write(text),
  get columns() {
    return stream.isTTY ? stream.columns || 80 : undefined;
  },
});

async function readInput(mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw usageFailure(`standard input is longer than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}

/** Longer than any key. */
const mostSecretBytes = 4096;

async function readSecret(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) return (await readInput(mostSecretBytes)).split(/\r?\n/, 1)[0] ?? "";
  // The interface echoes the typed text by writing it: to nowhere.
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input: process.stdin, output: silence, terminal: true });
  process.stderr.write(prompt);
  try {
    return await new Promise((resolve, reject) => {
      line.once("line", resolve);
      line.once("SIGINT", () => reject(usageFailure("nothing was typed")));
      line.once("close", () => reject(usageFailure("nothing was typed")));
    });
  } finally {
    line.close();
    process.stderr.write("\n");
  }
}

function onInterrupt(listener: () => void): () => void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, listener);
  return () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, listener);
  };
}

const surroundings: Surroundings = {
  env: process.env,
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  clock,
  version: packageJson.version,
  connect: async (address) => {
    const bus = new BusClient({ address, clock, log: silentLog, limits: clientLimits });
    await bus.connect();
    return bus;
  },
  onInterrupt,
  readInput,
  readSecret,
};

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader has closed the pipe (`fairlead monitor | head`).
  if (error.code === "EPIPE") process.exit(exitCodes.ok);
  process.stderr.write(`fairlead: cannot write: ${error.message}\n`);
  process.exit(exitCodes.refused);
});
// A closed standard error has no reader left.
process.stderr.on("error", () => {});

runProgram(process.argv.slice(2), surroundings).then((exitCode) => {
  process.exitCode = exitCode;
});

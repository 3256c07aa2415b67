/** A stream of UDP questions to an echo server, one every few milliseconds, that counts lost answers. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { TestContext } from "node:test";
import type { Peer } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";

const echoProgram = `
const dgram = require("node:dgram");
const [address, port] = process.argv.slice(1);
const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
socket.on("message", (data, from) => socket.send(data, from.port, from.address));
socket.bind(Number(port), address, () => console.log("ready"));
`;

const echoPort = 7777;

export async function startEcho(t: TestContext, peer: Peer, address: string): Promise<void> {
  const server = peer.spawn(process.execPath, ["-e", echoProgram, address, String(echoPort)]);
  t.after(() => server.end());
  await server.untilOutput(/^ready$/m);
}

export interface ProbeStream {
  /** Runs `change` just after an answer has come, with nothing under way; so every loss is of the change. */
  atQuietMoment(change: () => void): Promise<void>;
  /** Waits for so many more answers. */
  answers(count: number): Promise<void>;
  /** Ends the stream and tells how many questions had no answer. */
  end(): Promise<{ readonly sent: number; readonly lost: number }>;
}

export async function startProbes(t: TestContext, address: string, everyMs: number): Promise<ProbeStream> {
  const socket = createSocket("udp4");
  const missing = new Set<number>();
  let sent = 0;
  let onAnswer = () => {};
  socket.on("message", (data) => {
    missing.delete(data.readUInt32BE());
    onAnswer();
  });
  // A refused question (no route) is lost like any other.
  socket.on("error", () => {});
  socket.bind();
  await once(socket, "listening");
  const timer = setInterval(() => {
    const question = Buffer.alloc(4);
    question.writeUInt32BE(sent);
    missing.add(sent++);
    socket.send(question, echoPort, address, () => {});
  }, everyMs);
  const stop = () => clearInterval(timer);
  t.after(() => {
    stop();
    socket.close();
  });
  return {
    atQuietMoment: (change) =>
      new Promise((resolve, reject) => {
        onAnswer = () => {
          if (missing.size > 0) return;
          onAnswer = () => {};
          try {
            change();
            resolve();
          } catch (error) {
            reject(error);
          }
        };
      }),
    answers: async (count) => {
      const goal = sent - missing.size + count;
      await until(`${count} more answers`, () => sent - missing.size >= goal);
    },
    end: async () => {
      stop();
      await until("the last answers", () => missing.size === 0).catch(() => {});
      return { sent, lost: missing.size };
    },
  };
}

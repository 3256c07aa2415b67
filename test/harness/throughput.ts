import type { TestContext } from "node:test";
import type { Peer } from "./namespace.ts";
import { type ManagedProcess, startProcess } from "./processes.ts";

const port = 5001;
/** In an emulated guest with other work beside it Python takes seconds to start. */
const startMs = 60_000;

const receiver = `
import socket, sys, time
listening = socket.create_server(("", ${port}))
print("ready", flush=True)
connection, _ = listening.accept()
began = time.monotonic()
got = 0
while True:
    data = connection.recv(65536)
    if not data: break
    got += len(data)
print("received", got, "bytes in", time.monotonic() - began, "s", flush=True)
`;
const sender = `
import socket, sys
connection = socket.create_connection((sys.argv[1], ${port}))
connection.sendall(bytes(int(sys.argv[2])))
connection.close()
`;

/** A machine: a peer, or where the test itself runs. */
type Machine = Peer | undefined;

function python(t: TestContext, machine: Machine, program: string, ...args: string[]): ManagedProcess {
  const words = ["-u", "-c", program, ...args];
  const started = machine ? machine.spawn("/usr/bin/python3", words) : startProcess("/usr/bin/python3", words);
  t.after(() => started.end());
  return started;
}

export interface Transfer {
  readonly from: Machine;
  readonly to: Machine;
  /** Of the receiver. */
  readonly address: string;
  readonly bytes: number;
}

/** Sends so much over TCP, and resolves to kilobits per second as the receiver has seen them. */
export async function measureKbps(t: TestContext, { from, to, address, bytes }: Transfer): Promise<number> {
  const listening = python(t, to, receiver);
  await listening.untilOutput(/^ready$/m, startMs);
  const sending = python(t, from, sender, address, String(bytes));
  // Slow on purpose.
  const [, got, seconds] = await listening.untilOutput(/received (\d+) bytes in (\S+) s/, 120_000);
  await sending.waitExit();
  if (Number(got) !== bytes) throw new Error(`${got} of ${bytes} bytes arrived: ${sending.output()}`);
  return (bytes * 8) / 1000 / Number(seconds);
}

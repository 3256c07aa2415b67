import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const pollMs = 50;
/** No limit: the file takes any rate. */
const bytesPerSecond = 16 * 1024 ** 3;

type Answer = Readonly<Record<string, unknown>>;

/**
 * Has qemu stop a machine and write its state to the file. `path`: the control socket (QMP, docs/interop/qmp-spec.txt
 * of qemu). Throws when qemu cannot.
 */
export async function saveState(path: string, file: string): Promise<void> {
  const socket = createConnection(path);
  try {
    await once(socket, "connect");
    const execute = commands(socket);
    await execute("qmp_capabilities");
    await execute("stop");
    await execute("migrate-set-parameters", { "max-bandwidth": bytesPerSecond });
    await execute("migrate", { uri: `exec:cat > '${file.replaceAll("'", "'\\''")}'` });
    for (;;) {
      const { status, "error-desc": why = status } = await execute("query-migrate");
      if (status === "completed") return;
      if (status === "failed" || status === "cancelled") throw new Error(`qemu cannot save the machine: ${why}`);
      await pause(pollMs);
    }
  } finally {
    socket.destroy();
  }
}

/** Lines that are no answer (the greeting, events) are passed over. */
function commands(socket: Socket) {
  const lines = createInterface(socket)[Symbol.asyncIterator]();
  return async (command: string, given: Answer = {}): Promise<Answer> => {
    socket.write(`${JSON.stringify({ execute: command, arguments: given })}\n`);
    for (;;) {
      const { done, value } = await lines.next();
      if (done) throw new Error(`qemu ended at ${command}`);
      const answer = JSON.parse(value) as { return?: Answer; error?: { desc: string } };
      if (answer.error) throw new Error(`qemu refused ${command}: ${answer.error.desc}`);
      if (answer.return) return answer.return;
    }
  };
}

/** The process that has node-wifi loaded: reads requests from its parent, answers each, ends with the parent. */
import { DaemonError } from "../../base/errors.ts";
import type { NodeWifiReply, NodeWifiRequest } from "./node-wifi.ts";
import { NodeWifiWorker } from "./node-wifi-worker.ts";

const worker = new NodeWifiWorker();

async function answer({ id, method, args }: NodeWifiRequest): Promise<NodeWifiReply> {
  try {
    const call = worker[method] as (...args: readonly unknown[]) => Promise<unknown>;
    return { id, result: (await call.call(worker, ...args)) ?? null };
  } catch (error) {
    const code = error instanceof DaemonError ? error.code : "InternalError";
    return { id, error: { code, message: (error as Error).message } };
  }
}

process.on("message", (request: NodeWifiRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});
process.on("disconnect", () => {
  worker.stop();
  process.exit(0);
});

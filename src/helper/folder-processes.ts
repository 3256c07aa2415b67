import { dirname } from "node:path";
import type { Processes, ProcessOrder, RunningProcess } from "../system/processes.ts";

/** Where modifiers lie that want root. */
export const rootModifierFolders: readonly string[] = ["/etc/fairlead/modifiers"];

/** Programs of some folders run in another way than all others. A queue is kept among those of one way alone. */
export class FolderProcesses implements Processes {
  constructor(
    private readonly folders: readonly string[],
    private readonly inFolders: Processes,
    private readonly elsewhere: Processes,
  ) {}

  run(order: ProcessOrder): RunningProcess {
    const isThere = this.folders.includes(dirname(order.argv[0]));
    return (isThere ? this.inFolders : this.elsewhere).run(order);
  }
  list() {
    return [...this.elsewhere.list(), ...this.inFolders.list()];
  }
  async stopAll(): Promise<void> {
    await Promise.all([this.elsewhere.stopAll(), this.inFolders.stopAll()]);
  }
}

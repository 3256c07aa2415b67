import type { ProcessOrder, RunningProcess } from "./processes.ts";

/** A run that begins when its turn comes. */
export interface QueuedRun extends RunningProcess {
  readonly order: ProcessOrder;
  /** Once. After an early stop nothing happens. */
  start(): void;
}

/** The runs of one {@link Processes}: which run or wait, and in which order those of one queue begin. */
export class RunList<Run extends QueuedRun> {
  readonly #runs = new Set<Run>();
  readonly #queues = new Map<string, Run[]>();

  /** Starts it, at once or after those before it in its queue; it leaves the list when it has ended. */
  add(run: Run): void {
    this.#runs.add(run);
    void run.ended.then(() => this.#onEnd(run));
    const { queue } = run.order;
    const waiting = this.#queues.get(queue ?? "") ?? [];
    waiting.push(run);
    if (queue !== undefined) this.#queues.set(queue, waiting);
    if (queue === undefined || waiting.length === 1) run.start();
  }
  list(): readonly { readonly name: string; readonly pid: number | undefined }[] {
    return [...this.#runs].map(({ name, pid }) => ({ name, pid }));
  }
  /** Stops all that is not lasting; resolves when it has ended. */
  async stopAll(): Promise<void> {
    const ending = [...this.#runs].filter(({ order }) => !order.isLasting);
    for (const run of ending) run.stop();
    await Promise.all(ending.map(({ ended }) => ended));
  }

  #onEnd(run: Run): void {
    this.#runs.delete(run);
    const { queue } = run.order;
    const waiting = this.#queues.get(queue ?? "");
    if (queue === undefined || !waiting) return;
    const wasFirst = waiting[0] === run;
    waiting.splice(waiting.indexOf(run), 1);
    if (waiting.length === 0) this.#queues.delete(queue);
    else if (wasFirst) waiting[0]?.start();
  }
}

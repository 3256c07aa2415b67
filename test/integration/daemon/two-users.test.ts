import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startSystemBus } from "../../harness/system-bus.ts";
import { residentMiB } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";
import { addNetdev, startFlood, work } from "./users.ts";

requirePrivateNamespace();

const rounds = 80;
/** As flood.py has it: six kinds of calls, four connections each, 60 to 120 calls unanswered on each. */
const callsInFlight = 24 * 120;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
/** Milliseconds of processor time that the thread which answers has had. */
const cpuMs = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, "latin1").split(" ")[0]) / 1e6;

test("a user who floods the daemon costs another one neither an answer nor the time of the flood's own", async (t) => {
  addNetdev(t);
  await addLan(t, "router");
  const bus = await startSystemBus();
  t.after(() => bus.remove());
  const daemon = await startDaemon(t, { busAddress: bus.address });
  const { path } = await untilState(daemon, "eth0", "ready");
  const [service, { pid }] = [String(path), daemon.process];

  const [calmCpu, calm] = await cpuOf(pid, () => work(t, bus.address, service, rounds));
  assert.deepEqual(calm.failed, []);
  const before = residentMiB(pid);

  const flood = startFlood(t, "flood.py", bus.address, service);
  await flood.untilOutput(/^ready$/m, 60_000);
  const startedAt = performance.now();
  const [floodedCpu, flooded] = await cpuOf(pid, () => work(t, bus.address, service, rounds));
  const grown = residentMiB(pid) - before;
  flood.kill("SIGTERM");
  const answers = Number((await flood.untilOutput(/^answers (\d+)$/m))[1]);
  const msPerAnswer = (performance.now() - startedAt) / answers;

  assert.deepEqual(flooded.failed, []);
  const rows = Object.entries(calm.took).map(([method, took]) => {
    const then = flooded.took[method] ?? [];
    return { method, usual: median(took), now: median(then), worst: Math.max(...then) };
  });
  const times = rows.map(({ method, ...ms }) => `${method} ${Object.values(ms).map(Math.ceil).join("/")} ms`);
  const queueMs = callsInFlight * msPerAnswer;
  const cpuEach = [calmCpu / (rounds * rows.length), floodedCpu / answers];
  t.diagnostic(
    `usual/flooded/worst: ${times.join(", ")}; ${answers} answers to the flood; ` +
      `${cpuEach.map((ms) => ms.toFixed(2)).join("/")} ms of processor for each answer; ${Math.ceil(grown)} MiB more; queue ${Math.ceil(queueMs)} ms`,
  );
  // A user who asks for little does not wait for others' earlier calls: their answers alone take the queue's time.
  for (const { method, now } of rows)
    assert.ok(now < queueMs / 4 + 20, `${method}: ${now} ms, the queue ${queueMs} ms`);
  assert.ok((cpuEach[1] ?? 0) < 3 * (cpuEach[0] ?? 0), "a call among thousands costs no more than one alone");
  assert.ok(answers > callsInFlight, `${answers} answers`);
  assert.ok(grown < 100, `${grown} MiB more`);
});

async function cpuOf<R>(pid: number, during: () => Promise<R>): Promise<readonly [ms: number, result: R]> {
  const before = cpuMs(pid);
  const result = await during();
  return [cpuMs(pid) - before, result];
}

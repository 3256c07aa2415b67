import assert from "node:assert/strict";
import { run } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { patienceMs } from "./patience.ts";
import type { Scene } from "./scene.ts";

export interface Continuity {
  /** Fails with `what` if since the last look an object was removed from the link, or an echo did not come back. */
  assertUnbroken(what: string): Promise<void>;
}

/** Watches a link that is connected: its addresses and routes by the kernel's own news, and a ping that never stops. */
export async function watchContinuity(scene: Scene, link: string, farEnd: string): Promise<Continuity> {
  const news = scene.start("ip", ["-4", "monitor", "address", "route"]);
  const ping = scene.start("ping", ["-n", "-i", "0.2", "-I", link, farEnd]);
  const answers = () => [...ping.output().matchAll(/icmp_seq=(\d+)/g)].map(([, number]) => Number(number));
  const before = facts(link);
  let [seenNews, seenAnswers] = [0, 0];
  await until("the first echo came back", () => answers().length > 0, patienceMs);
  return {
    assertUnbroken: async (what) => {
      const soFar = answers().length;
      await until(`${what}: another echo came back`, () => answers().length > soFar, patienceMs);
      const numbers = answers();
      assert.deepEqual(
        numbers,
        numbers.map((_, index) => index + 1),
        `${what}: no echo was lost`,
      );
      assert.ok(numbers.length > seenAnswers);
      seenAnswers = numbers.length;
      const text = news.output();
      const lost = text.slice(seenNews).match(/^Deleted .*/gm) ?? [];
      seenNews = text.length;
      assert.deepEqual(lost, [], `${what}: nothing was taken away`);
      assert.equal(facts(link), before, what);
    },
  };
}

const facts = (link: string): string => {
  const addresses = run("ip", ["-4", "-oneline", "address", "show", "dev", link]).replace(/valid_lft.*/g, "");
  return `${addresses}${run("ip", ["-4", "route", "show", "table", "all", "dev", link])}${run("ip", ["-4", "rule"])}`;
};

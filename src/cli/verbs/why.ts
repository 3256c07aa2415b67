import { exitCodes } from "../failure.ts";
import { tell } from "../text/story.ts";
import type { Verb } from "../verb.ts";
import { viewServices } from "../view/service-view.ts";
import { locationStory } from "../view/why-location.ts";
import { machineStory } from "../view/why-machine.ts";
import { objectStory } from "../view/why-object.ts";

export const why: Verb = {
  name: "why",
  operands: "[SERVICE|DEVICE|location]",
  leastOperands: 0,
  mostOperands: 1,
  summary: "the reasons: the order, what is not connected, what set route, DNS and location",
  completes: ["subject", "none"],
  async run({ daemon, operands, options, out }) {
    const connected = await daemon();
    if (operands[0] === "location") {
      const story = await locationStory(connected);
      if (options.json) out.json(story.plain);
      else tell(story, out);
      return exitCodes.ok;
    }
    const snapshot = await connected.snapshot();
    const views = await viewServices(connected, snapshot);
    const [word] = operands;
    const story =
      word === undefined
        ? await machineStory(connected, snapshot, views)
        : await objectStory(connected, snapshot, views, word);
    if (options.json) out.json(story.plain);
    else tell(story, out);
    return exitCodes.ok;
  },
};

/** `fairlead why location`: the Location in force, the condition that decided, and the runner-up. */
import type { Daemon } from "../daemon.ts";
import type { Story } from "../text/story.ts";
import { asTextMap, textIn } from "./snapshot.ts";

export async function locationStory(daemon: Daemon): Promise<Story> {
  const reasons = await daemon.whyLocation();
  const [chosen, because] = [textIn(reasons, "Chosen"), textIn(reasons, "Because")];
  const [runnerUp, runnerUpBecause] = [textIn(reasons, "RunnerUp"), textIn(reasons, "RunnerUpBecause")];
  const others = asTextMap(reasons.get("Others")?.value);
  const next = runnerUp === "" ? [] : [`Next would come ${runnerUp}: ${runnerUpBecause}.`];
  return {
    chapters: [
      { heading: "", sentences: [`The Location is ${chosen || "not chosen yet"}: ${because}.`, ...next] },
      { heading: "Not chosen", sentences: [...others].map(([name, reason]) => `${name}: ${reason}.`) },
    ],
    plain: {
      location: chosen,
      because,
      runnerUp: runnerUp === "" ? null : { location: runnerUp, because: runnerUpBecause },
      others: [...others].map(([location, reason]) => ({ location, because: reason })),
    },
  };
}

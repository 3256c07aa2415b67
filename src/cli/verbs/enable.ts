import { busError, type Daemon, flimflam } from "../daemon.ts";
import { exitCodes, Failure } from "../failure.ts";
import type { Verb } from "../verb.ts";
import { quoted } from "../view/object-names.ts";
import type { Snapshot } from "../view/snapshot.ts";

/** In place of a technology's name. */
const allWord = "all";

export const enable: Verb = switchingVerb("enable", "uses the links of a technology again, or of all of them");
export const disable: Verb = switchingVerb(
  "disable",
  "disconnects the links of a technology, or of all of them, and sets them down; it stays so after a restart",
);

function switchingVerb(name: "enable" | "disable", summary: string): Verb {
  const method = name === "enable" ? "EnableTechnology" : "DisableTechnology";
  return {
    name,
    operands: "TECHNOLOGY|all",
    leastOperands: 1,
    mostOperands: 1,
    summary,
    completes: ["technology", "none"],
    async run({ daemon, operands, options, out }) {
      const connected = await daemon();
      const technologies = wanted(await connected.snapshot(), operands[0] as string);
      for (const technology of technologies) await switchOne(connected, method, technology);
      if (options.json) out.json({ technologies, enabled: name === "enable" });
      else out.line(`${technologies.join(", ")} ${technologies.length > 1 ? "are" : "is"} ${name}d.`);
      return exitCodes.ok;
    },
  };
}

async function switchOne(daemon: Daemon, method: string, technology: string): Promise<void> {
  try {
    await daemon.call("/", flimflam("Manager"), method, "s", [technology]);
  } catch (error) {
    if (!(error instanceof Failure) || error.errorName !== busError("InvalidArguments")) throw error;
    const here = (await daemon.snapshot()).manager.list("AvailableTechnologies");
    const { exitCode, message, errorName } = error;
    throw new Failure(exitCode, `${message} ${quoted(technology)}`, errorName, [
      `here: ${[...here, allWord].join(", ")}`,
    ]);
  }
}

/** The name goes to the daemon as it is: also a technology without a link can be enabled and disabled. */
function wanted(snapshot: Snapshot, word: string): readonly string[] {
  if (word !== allWord) return [word];
  const available = snapshot.manager.list("AvailableTechnologies");
  if (available.length === 0) throw new Failure(exitCodes.refused, "no technology has a link here");
  return available;
}

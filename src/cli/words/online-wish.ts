/** Condition of `fairlead-wait-online`: read from its command line, and compared with the present state. */
import { parseArgs } from "node:util";
import { usageFailure } from "../failure.ts";
import { quoted } from "../view/object-names.ts";
import { isConnectedState } from "../view/service-states.ts";
import type { Snapshot } from "../view/snapshot.ts";

/** `ready`: addresses are in place; `online`: the Internet has answered, too. */
export type WantedState = "ready" | "online";

export interface OnlineWish {
  /** None: all links that the daemon manages. */
  readonly links: readonly string[];
  readonly state: WantedState;
  readonly isForAll: boolean;
  /** Undefined: no limit. */
  readonly limitMs: number | undefined;
}

export const waitOnlineOptions = {
  interface: { type: "string", multiple: true },
  state: { type: "string", default: "ready" },
  timeout: { type: "string", default: "30" },
  any: { type: "boolean" },
  all: { type: "boolean" },
  help: { type: "boolean" },
} as const;

export const waitOnlineHelp = `usage: fairlead-wait-online [OPTION ...]

Waits until the machine is connected.

  --interface LINK    a link that counts (may be repeated); default: all links
  --state STATE       ready (default): addresses are in place;
                      online: the Internet has answered
  --timeout SECONDS   default 30; 0: no limit
  --any               one link is enough (default)
  --all               every link that counts
  --help              this text

Ends with 0: connected; 1: not within the time, or no message bus; 2: usage.
`;

const mostSeconds = 86_400;
/** More than any machine waits for; each is looked for at each news. */
const mostLinks = 64;

/** Undefined: the help is asked for. Throws a usage {@link import("../failure.ts").Failure}. */
export function parseOnlineWish(args: readonly string[]): OnlineWish | undefined {
  const { values } = readOptions(args);
  if (values.help) return undefined;
  const { interface: links = [], state, timeout } = values;
  if (state !== "ready" && state !== "online")
    throw usageFailure(`--state takes ready or online, not ${quoted(state)}`);
  if (values.any && values.all) throw usageFailure("--any and --all exclude each other");
  if (links.length > mostLinks) throw usageFailure(`more than ${mostLinks} links`);
  return { links: [...new Set(links)], state, isForAll: values.all === true, limitMs: limitOf(timeout) };
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: waitOnlineOptions });
  } catch (error) {
    throw usageFailure((error as Error).message);
  }
}

function limitOf(text: string): number | undefined {
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= mostSeconds))
    throw usageFailure(`--timeout takes seconds from 0 to ${mostSeconds}, not ${quoted(text)}`);
  return seconds === 0 ? undefined : seconds * 1000;
}

/** Whether the wish has come true, and in either case how each link that counts stands. */
export interface OnlineVerdict {
  readonly isFulfilled: boolean;
  readonly because: string;
}

export function judgeOnline(wish: OnlineWish, snapshot: Snapshot): OnlineVerdict {
  const states = linkStates(snapshot);
  const links = wish.links.length > 0 ? wish.links : [...states.keys()];
  const isThere = (link: string) => reaches(states.get(link), wish.state);
  const isFulfilled = links.length > 0 && (wish.isForAll ? links.every(isThere) : links.some(isThere));
  const words = links.map((link) => `${link} ${states.get(link) ?? "is not there"}`);
  return { isFulfilled, because: words.join(", ") || "there are no links" };
}

/** The best state of each managed link; `idle` without a Service. */
function linkStates(snapshot: Snapshot): ReadonlyMap<string, string> {
  const states = new Map<string, string>();
  for (const device of snapshot.devices) {
    const services = snapshot.servicesOf(device).map((service) => service.text("State"));
    states.set(device.text("Interface"), services.find(isConnectedState) ?? services[0] ?? "idle");
  }
  return states;
}

const reaches = (state: string | undefined, wanted: WantedState): boolean =>
  state !== undefined && (wanted === "online" ? state === "online" : isConnectedState(state));

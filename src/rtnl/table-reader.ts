/**
 * Reads the kernel's tables. Each function calls `done` once, and in the same call when the kernel answers at once, as
 * it does; nothing else can then have happened between the first record and the last.
 */
import { allDumps, linkQuery, routeDumps } from "./dump-messages.ts";
import { EventApplier } from "./event-applier.ts";
import { errnoOf } from "./kernel-error.ts";
import { decodeLink } from "./link-messages.ts";
import type { DumpOutcome, DumpReader, RequestChannel } from "./request-channel.ts";
import { decodeRoute } from "./route-messages.ts";
import type { RouteReport } from "./route-table.ts";
import type { Family, Link } from "./rtnl.ts";
import { World } from "./snapshot.ts";

/** A table that changes faster than it can be read is left as the last attempt saw it; the outcome says so. */
const mostAttempts = 5;
/**
 * Said of a table that is not there (any more), and by kernels built without IPv6 or without rules: there is nothing.
 */
const saysNothing: ReadonlySet<number> = new Set(["ENOENT", "EAFNOSUPPORT", "EOPNOTSUPP"].map(errnoOf));
const noSuchLink = errnoOf("ENODEV");

/** One request after the other; ends with the first failure. */
function dumpEach(
  channel: RequestChannel,
  requests: readonly Buffer[],
  read: DumpReader,
  done: (outcome: DumpOutcome) => void,
): void {
  let wasInterrupted = false;
  const dumpNext = (at: number): void => {
    const request = requests[at];
    if (!request) {
      done({ errno: 0, wasInterrupted });
      return;
    }
    channel.dump(request, read, (outcome) => {
      wasInterrupted ||= outcome.wasInterrupted;
      if (outcome.errno === 0 || saysNothing.has(outcome.errno)) dumpNext(at + 1);
      else done(outcome);
    });
  };
  dumpNext(0);
}

/** `world` is of use when the outcome has no error; when it says "interrupted", objects may be missing. */
export function readWorld(
  channel: RequestChannel,
  done: (world: World, outcome: DumpOutcome) => void,
  attempt = 1,
): void {
  const world = new World();
  const applier = new EventApplier(world);
  const read: DumpReader = (header, data) => applier.apply(header, data);
  dumpEach(channel, allDumps(), read, (outcome) => {
    const isWorthAnother = outcome.errno === 0 && outcome.wasInterrupted && attempt < mostAttempts;
    if (isWorthAnother) readWorld(channel, done, attempt + 1);
    else done(world, outcome);
  });
}

/** The kept routes of one family in one table. */
export function readRoutes(
  channel: RequestChannel,
  { family, table }: { readonly family: Family; readonly table: number },
  done: (reports: readonly RouteReport[], outcome: DumpOutcome) => void,
): void {
  const reports: RouteReport[] = [];
  const read: DumpReader = ({ from, end }, data) => {
    const report = decodeRoute(data, from, end);
    // A kernel without strict checking sends all tables.
    if (report?.route.table === table && report.route.family === family) reports.push(report);
  };
  dumpEach(channel, routeDumps(family, table), read, (outcome) => done(reports, outcome));
}

/** One link; undefined when it is not there. */
export function readLink(
  channel: RequestChannel,
  index: number,
  done: (link: Link | undefined, outcome: DumpOutcome) => void,
): void {
  let link: Link | undefined;
  const read: DumpReader = ({ from, end }, data) => {
    link = decodeLink(data, from, end);
  };
  channel.dump(linkQuery(index), read, (outcome) => {
    done(link, outcome.errno === noSuchLink ? { errno: 0, wasInterrupted: false } : outcome);
  });
}

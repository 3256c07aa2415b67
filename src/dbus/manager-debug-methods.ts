/** Log level and scopes, by shill's methods on the Manager (shill's doc/manager-api.txt). */
import { debugTags } from "../manager/debug-control.ts";
import type { Manager } from "../manager/manager.ts";
import { args, type MethodEntry, methodOf } from "./interface-table.ts";

const method = methodOf<Manager>();

export const debugMethods = {
  GetDebugLevel: {
    in: [],
    out: args({ level: "i" }),
    doc: "0 INFO, 1 WARNING, 2 ERROR, 3 ERROR_REPORT, 4 FATAL; below 0 also the parts of the tags.",
    right: "read",
    call: ({ debug }) => [debug.level],
  },
  SetDebugLevel: method({
    in: { level: "i" },
    out: [],
    doc: "Sets the least severe level that is logged; numbers above 4 are ignored.",
    errors: ["PermissionDenied"],
    right: "debug",
    call: ({ debug }, { level }) => {
      debug.setLevel(level);
      return undefined;
    },
  }),
  GetDebugTags: {
    in: [],
    out: args({ tags: "s" }),
    doc: "The tags whose parts log everything, joined by +.",
    right: "read",
    call: ({ debug }) => [debug.tags.join("+")],
  },
  SetDebugTags: method({
    in: { tags: "s" },
    out: [],
    doc: "Sets the tags; an expression that begins with + or - edits those that are set. Unknown tags are ignored.",
    errors: ["InvalidArguments", "PermissionDenied"],
    right: "debug",
    call: ({ debug }, { tags }) => {
      debug.setTags(tags);
      return undefined;
    },
  }),
  ListDebugTags: {
    in: [],
    out: args({ tags: "s" }),
    doc: "All tags there are, joined by +.",
    right: "read",
    call: () => [debugTags.join("+")],
  },
  PersistDebugConfig: method({
    in: { keep: "b" },
    out: [],
    doc: "Keeps level and tags for the next starts of the daemon, or forgets the kept ones.",
    errors: ["Failure", "NotStored", "PermissionDenied"],
    right: "debug",
    call: ({ debug }, { keep }) => {
      debug.persist(keep);
      return undefined;
    },
  }),
} satisfies Readonly<Record<string, MethodEntry<Manager>>>;

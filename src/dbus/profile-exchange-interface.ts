import { DaemonError } from "../base/errors.ts";
import type { Caller } from "../bus/bus.ts";
import { exportProfile } from "../manager/profile-exchange.ts";
import { ownerOfProfile } from "./access.ts";
import { args, interfaceTable } from "./interface-table.ts";
import type { ProfileView } from "./profile-interface.ts";

/** One at a time of each user, each in its turn: the texts are large, and are not gathered. */
async function exchange<R>(
  { manager: { profileEntries }, profile }: ProfileView,
  caller: Caller,
  work: () => R | Promise<R>,
): Promise<R> {
  const { uid } = await caller.credentials();
  return profileEntries.exchanges.run(uid, () =>
    caller.inTurn(() => {
      if (profileEntries.isLoaded(profile)) return work();
      throw new DaemonError("NotFound", `${profile.label} left the stack meanwhile`);
    }),
  );
}

/** Our own additions: a Profile as text. */
export const profileExchangeInterface = interfaceTable<ProfileView>({
  name: "org.fairlead.Profile1",
  doc: "A Profile as text that people read and write.",
  ownerOf: ({ profile }) => ownerOfProfile(profile),
  methods: {
    Export: {
      in: [],
      out: args({ text: "s" }),
      doc: "Every entry and setting, without secrets: those are told to be kept back.",
      errors: ["Failure", "InProgress", "InternalError", "NotFound", "PermissionDenied"],
      right: "settings",
      call: (of, _args, caller) => exchange(of, caller, () => [exportProfile(of.profile, false)]),
    },
    ExportWithSecrets: {
      in: [],
      out: args({ text: "s" }),
      doc: "As Export, with passphrases and the like.",
      errors: ["Failure", "InProgress", "InternalError", "NotFound", "PermissionDenied"],
      right: "secrets",
      call: (of, _args, caller) => exchange(of, caller, () => [exportProfile(of.profile, true)]),
    },
    Import: {
      in: args({ text: "s" }),
      out: args({ entries: "u" }),
      doc:
        "Replaces the entries that the text has, all of them or none, and puts them in force; tells how many. Other entries " +
        "stay, and so do secrets that the text does not mention. At most 8 MiB (4 MiB for a user's Profile); an error names the line.",
      errors: ["InProgress", "InvalidArguments", "InternalError", "NotFound", "PermissionDenied"],
      right: "settings",
      call: (of, [text], caller) =>
        exchange(of, caller, async () => [await of.manager.profileEntries.import(of.profile, text as string)]),
    },
  },
});

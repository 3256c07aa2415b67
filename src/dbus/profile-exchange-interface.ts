import { DaemonError } from "../base/errors.ts";
import type { Caller } from "../bus/bus.ts";
import { exportProfile } from "../manager/profile-exchange.ts";
import { ownerOfProfile } from "../profiles/profile.ts";
import { type AccessPolicy, hasRight } from "./access.ts";
import { args, interfaceTable, methodOf } from "./interface-table.ts";
import type { ProfileView } from "./profile-interface.ts";

const method = methodOf<ProfileView>();

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

const importing = "org.fairlead.Profile1.Import";

/**
 * Entries of an import that the rule keeps back are in force all the same where the caller may change the machine's
 * settings.
 */
async function agree(
  { profile, manager: { profileEntries } }: ProfileView,
  entries: readonly string[],
  caller: Caller,
  access: AccessPolicy,
): Promise<void> {
  const keptBack = profileEntries.keptBack(profile, entries);
  if (keptBack.size === 0) return;
  const request = { right: "settings", owner: "machine", what: importing } as const;
  if (!(await hasRight(access, caller, request)) || !profileEntries.isLoaded(profile)) return;
  profileEntries.agreeTo(profile, [...keptBack.keys()]);
}

/** Our own additions: a Profile as text, and its entries that are not in force. */
export const profileExchangeInterface = interfaceTable<ProfileView>({
  name: "org.fairlead.Profile1",
  doc: "A Profile as text that people read and write.",
  ownerOf: ({ profile }) => ownerOfProfile(profile),
  methods: {
    KeptBack: {
      in: [],
      out: args({ reasons: "a{ss}" }),
      doc:
        "Entries of a user's Profile that are stored and not in force, with the reason: the machine keeps the Service, and " +
        "no administrator agreed.",
      right: "read",
      call: ({ profile, manager }) => [manager.profileEntries.keptBack(profile)],
    },
    HasFile: {
      in: [],
      out: args({ has_file: "b" }),
      doc: "False for one of the machine that was pushed without a file: its settings are kept in memory, and are gone once it is popped.",
      right: "read",
      call: ({ profile }) => [profile.hasFile],
    },
    Export: {
      in: [],
      out: args({ text: "s" }),
      doc: "Every entry and setting, without secrets: those are told to be kept back.",
      errors: ["Failure", "InProgress", "InternalError", "NotFound", "NotStored", "PermissionDenied"],
      right: "settings",
      call: (of, _args, caller) => exchange(of, caller, () => [exportProfile(of.profile, false)]),
    },
    ExportWithSecrets: {
      in: [],
      out: args({ text: "s" }),
      doc: "As Export, with passphrases and the like.",
      errors: ["Failure", "InProgress", "InternalError", "NotFound", "NotStored", "PermissionDenied"],
      right: "secrets",
      call: (of, _args, caller) => exchange(of, caller, () => [exportProfile(of.profile, true)]),
    },
    Import: method({
      in: { text: "s" },
      out: args({ entries: "u" }),
      doc:
        "Replaces the entries that the text has, all of them or none, and puts them in force; tells how many. Other entries " +
        "stay, and so do secrets that the text does not mention. A user's Profile has none of hardware and the Manager, and " +
        "entries that it may not put in force are stored all the same (KeptBack). At most 8 MiB (4 MiB for a user's Profile); an error " +
        "names the line.",
      errors: ["InProgress", "InvalidArguments", "InternalError", "NotFound", "NotStored", "PermissionDenied"],
      right: "settings",
      call: async (of, { text }, caller, { access }) => {
        const work = () => of.manager.profileEntries.import(of.profile, text);
        const entries = await exchange(of, caller, work);
        await agree(of, entries, caller, access);
        return [entries.length];
      },
    }),
  },
});

import { exportProfile } from "../manager/profile-exchange.ts";
import { ownerOfProfile } from "./access.ts";
import { args, interfaceTable } from "./interface-table.ts";
import type { ProfileView } from "./profile-interface.ts";

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
      errors: ["InternalError", "PermissionDenied"],
      right: "settings",
      call: ({ profile }) => [exportProfile(profile, false)],
    },
    ExportWithSecrets: {
      in: [],
      out: args({ text: "s" }),
      doc: "As Export, with passphrases and the like.",
      errors: ["InternalError", "PermissionDenied"],
      right: "secrets",
      call: ({ profile }) => [exportProfile(profile, true)],
    },
    Import: {
      in: args({ text: "s" }),
      out: args({ entries: "u" }),
      doc:
        "Replaces the entries that the text has, all of them or none, and puts them in force; tells how many. Other entries " +
        "stay, and so do secrets that the text does not mention. At most 8 MiB; an error names the line.",
      errors: ["InvalidArguments", "InternalError", "PermissionDenied"],
      right: "settings",
      call: ({ profile, manager }, [text]) => [manager.profileEntries.import(profile, text as string)],
    },
  },
});

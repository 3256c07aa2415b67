/** Where the text of the network configuration is: a file of the administrator's, or the imported one. */
import { join } from "node:path";
import { DaemonError } from "../base/errors.ts";
import type { ConfigurationSource } from "../manager/network-configurator.ts";
import { readIfPresent, writeAtomically } from "../system/files.ts";
import { uciLimits } from "./uci/uci.ts";

const readText = (path: string): string | undefined => readIfPresent(path, uciLimits.bytes)?.toString("utf8");

/** Only its author changes it. */
export const configurationFile = (path: string): ConfigurationSource => ({
  name: path,
  read: () => readText(path),
  write: () => {
    throw new DaemonError("IllegalOperation", `the network configuration is ${path}: change the file, and reload`);
  },
});
/** The imported text; it may hold passwords. */
export const importedConfiguration = (stateDir: string): ConfigurationSource => {
  const path = join(stateDir, "network.uci");
  return {
    name: path,
    read: () => readText(path),
    write: (text) => void writeAtomically(path, text, { mode: 0o600, sync: true }),
  };
};

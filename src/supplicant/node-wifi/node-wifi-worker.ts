import { DaemonError } from "../../base/errors.ts";
import { GuardedNmcli, NmcliError } from "./guarded-nmcli.ts";
import type { ListedAccessPoint, NodeWifi, PreparedNetwork, WantedNetwork } from "./node-wifi.ts";

/** The part of the package that is used; it brings no types. */
interface NodeWifiPackage {
  init(options: { readonly iface: string }): void;
  scan(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  connect(network: { readonly ssid: string; readonly password: string }): Promise<void>;
  disconnect(): Promise<void>;
}

/** Exit codes of nmcli(1). */
const timeOut = 3;
const notActive = 6;
/** Longer than NetworkManager waits for an address (45 s) after it has associated (25 s). */
const activationSeconds = "80";

/** {@link NodeWifi} by the package. One order at a time, as the package has one link at a time. */
export class NodeWifiWorker implements NodeWifi {
  readonly #nmcli = new GuardedNmcli();
  #loaded: Promise<NodeWifiPackage> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isActivating = false;
  /** Profiles of others, as of the last order that looked. */
  #foreign: ReadonlySet<string> = new Set();

  /** Ends the running commands of nmcli. */
  stop(): void {
    this.#nmcli.stopAll();
  }

  list(linkName: string, isFresh: boolean): Promise<readonly ListedAccessPoint[]> {
    return this.#inTurn(async () => {
      const wifi = await this.#on(linkName);
      this.#nmcli.isFresh = isFresh;
      return (await wifi.scan()).map(listed);
    });
  }
  prepare(linkName: string, network: WantedNetwork): Promise<PreparedNetwork> {
    this.#endActivation();
    return this.#inTurn(async () => {
      await this.#removeOwnProfiles(linkName);
      const { bssid, keyManagement } = network;
      // The address in place of the name: that has no way to be taken for an option, and leaves out no byte.
      if (keyManagement === "none" && bssid !== undefined) return { kind: "open", bssid };
      return { kind: "profile", uuid: await this.#addProfile(linkName, network) };
    });
  }
  activate(linkName: string, network: PreparedNetwork, secret?: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#isActivating = true;
      try {
        if (network.kind === "open") await this.#connectOpen(linkName, network.bssid);
        else await this.#raiseProfile(linkName, network.uuid, secret);
      } catch (error) {
        // NetworkManager goes on, and tells on the bus how it ends.
        if (!(error instanceof NmcliError && error.exitCode === timeOut)) throw error;
      } finally {
        this.#isActivating = false;
      }
    });
  }
  disconnect(linkName: string): Promise<void> {
    this.#endActivation();
    return this.#inTurn(async () => {
      const wifi = await this.#on(linkName);
      await wifi.disconnect().catch((error: unknown) => {
        if (!(error instanceof NmcliError && error.exitCode === notActive)) throw error;
      });
      await this.#removeOwnProfiles(linkName);
    });
  }

  /** Ends an nmcli that waits for NetworkManager, which is about to get another order. */
  #endActivation(): void {
    if (this.#isActivating) this.#nmcli.stopAll();
  }
  async #connectOpen(linkName: string, bssid: string): Promise<void> {
    const wifi = await this.#on(linkName);
    try {
      await wifi.connect({ ssid: bssid, password: "" });
    } finally {
      await this.#takeNewProfiles(linkName);
    }
  }
  /**
   * nmcli has made a profile on the way, which NetworkManager would join by itself for ever: it is one of ours, and
   * goes with the others.
   */
  async #takeNewProfiles(linkName: string): Promise<void> {
    for (const { uuid, type } of await this.#profiles()) {
      if (type !== wirelessType || this.#foreign.has(uuid)) continue;
      const ours = ["connection.id", profileName(linkName), "connection.autoconnect", "no"];
      await this.#nmcli.run(["connection", "modify", "uuid", uuid, ...ours]);
    }
  }
  async #raiseProfile(linkName: string, uuid: string, secret: string | undefined): Promise<void> {
    const args = ["--wait", activationSeconds, "connection", "up", "uuid", uuid, "ifname", linkName];
    if (secret === undefined) await this.#nmcli.run(args);
    else await this.#nmcli.runWithSecret(args, passwordLine(secret));
  }
  /** In memory only, without the secret (flag 2: not saved), and never raised by NetworkManager itself. */
  async #addProfile(linkName: string, { ssid, bssid, keyManagement }: WantedNetwork): Promise<string> {
    const isHidden = bssid === undefined;
    const printed = await this.#nmcli.run([
      ...["connection", "add", "save", "no", "type", "wifi", "ifname", linkName, "con-name", profileName(linkName)],
      ...["connection.autoconnect", "no", "connection.auth-retries", "1"],
      ...["802-11-wireless.ssid", textOf(ssid), ...(isHidden ? ["802-11-wireless.hidden", "yes"] : [])],
      ...(keyManagement === "none" ? [] : ["wifi-sec.key-mgmt", keyManagement, "wifi-sec.psk-flags", "2"]),
    ]);
    const [uuid] = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(printed) ?? [];
    if (uuid === undefined) throw new DaemonError("Failure", "nmcli does not tell which profile it made");
    return uuid;
  }
  async #removeOwnProfiles(linkName: string): Promise<void> {
    const all = await this.#profiles();
    const isOwn = (profile: { readonly name: string }) => profile.name === profileName(linkName);
    this.#foreign = new Set(all.filter((profile) => !isOwn(profile)).map(({ uuid }) => uuid));
    for (const { uuid } of all.filter(isOwn)) await this.#nmcli.run(["connection", "delete", "uuid", uuid]);
  }
  async #profiles(): Promise<readonly { readonly uuid: string; readonly type: string; readonly name: string }[]> {
    const fields = ["--terse", "--escape", "no", "--fields", "uuid,type,name"];
    const printed = await this.#nmcli.run([...fields, "connection", "show"]);
    return printed.split("\n").flatMap((line) => {
      const [uuid = "", type = "", ...name] = line.split(":");
      return uuid === "" ? [] : [{ uuid, type, name: name.join(":") }];
    });
  }

  async #on(linkName: string): Promise<NodeWifiPackage> {
    this.#loaded ??= this.#load();
    const wifi = await this.#loaded;
    wifi.init({ iface: linkName });
    return wifi;
  }
  /** Not before it is wanted. */
  async #load(): Promise<NodeWifiPackage> {
    this.#nmcli.install();
    // @ts-expect-error: the package has no types; the interface above declares the used part.
    const { default: wifi } = (await import("node-wifi")) as { readonly default: NodeWifiPackage };
    return wifi;
  }
  async #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn.catch((error: unknown) => {
      throw error instanceof DaemonError ? error : new DaemonError("Failure", `nmcli: ${(error as Error).message}`);
    });
  }
}

/** As nmcli calls the type of a profile for WiFi. */
const wirelessType = "802-11-wireless";
const profileName = (linkName: string): string => `fairlead ${linkName}`;

/** A word of an argument has to be text; a profile of nmcli's has no other way to say a name. */
function textOf(ssid: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(ssid, "hex"));
    if (!text.includes("\0")) return text;
  } catch {}
  throw new DaemonError("NotSupported", "NetworkManager's nmcli takes no name of a network that is not text in UTF-8");
}

/** A line of nmcli's passwd-file, which takes a backslash as an escape and drops blanks at the ends. Pure. */
export function passwordLine(secret: string): string {
  if (/[\r\n\0]/.test(secret)) throw new DaemonError("InvalidPassphrase", "a passphrase has no line end");
  const escaped = secret.replaceAll(/[\\ \t]/g, (character) => (character === "\t" ? "\\t" : `\\${character}`));
  return `802-11-wireless-security.psk:${escaped}\n`;
}

/** A line as node-wifi parses it; `ssid` is hexadecimal thanks to the guard. */
function listed(found: Readonly<Record<string, unknown>>): ListedAccessPoint {
  const flags = (found.security_flags ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ssid: wordOf(found.ssid).toLowerCase(),
    bssid: wordOf(found.bssid).toLowerCase(),
    mode: wordOf(found.mode),
    frequencyMhz: numberOf(found.frequency),
    qualityPercent: numberOf(found.quality),
    security: found.security === "none" ? "" : wordOf(found.security),
    wpa: wordsOf(flags.wpa),
    rsn: wordsOf(flags.rsn),
  };
}
const wordOf = (value: unknown): string => (typeof value === "string" ? value : "");
const numberOf = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const wordsOf = (value: unknown): readonly string[] =>
  wordOf(value)
    .split(" ")
    .filter((word) => word !== "" && word !== "(none)");

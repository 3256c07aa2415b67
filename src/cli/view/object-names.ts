/** Names of the daemon's objects for people, and the object that a word means. */
import { usageFailure } from "../failure.ts";
import { type BusObject, type Kind, kinds, type Snapshot } from "./snapshot.ts";

/** Path of a Service -> the number that people may type; a run of the daemon never uses it twice. */
export const serviceNumber = (service: BusObject): string => service.path.slice("/service/".length);

/** Short and for people: `eth0`, `Ethernet on eth0`, `default`, `eth0 ip`. */
export function labelOf(object: BusObject, snapshot: Pick<Snapshot, "deviceOf">): string {
  switch (object.kind) {
    case "manager":
      return "manager";
    case "device":
      return object.text("Interface") || object.path;
    case "service":
      return serviceLabel(object, snapshot.deviceOf(object));
    case "profile":
      return profileName(object);
    case "ipconfig":
      return `${linkOfIpConfig(object.path) ?? object.path} ip`;
  }
}
/** `eth0` of `/ipconfig/eth0_1_dhcp`. */
export const linkOfIpConfig = (path: string): string | undefined => /^\/ipconfig\/(.+)_\d+_[a-z0-9]+$/.exec(path)?.[1];

function serviceLabel(service: BusObject, device: BusObject | undefined): string {
  const name = service.text("Name") || service.path;
  const link = device?.text("Interface");
  return link && link !== name ? `${name} on ${link}` : name;
}

/** `default`, or `~user/name`, as the Manager's methods take them. */
export const profileName = ({ path }: BusObject): string => profileOfPath(path);
export function profileOfPath(path: string): string {
  const [, , user, name] = /^\/profile\/(([^/]+)\/)?([^/]+)$/.exec(path) ?? [];
  return user === undefined ? (name ?? path) : `~${user}/${name}`;
}

/** The words by which an object of this kind is known, besides its path. */
function wordsFor(object: BusObject, snapshot: Snapshot): readonly string[] {
  switch (object.kind) {
    case "manager":
      return ["manager"];
    case "device":
      return [object.text("Interface")];
    case "service": {
      const link = snapshot.deviceOf(object)?.text("Interface") ?? "";
      return [link, object.text("Name"), serviceNumber(object), object.text("GUID")];
    }
    case "profile":
      return [profileName(object)];
    case "ipconfig":
      return [object.path.slice("/ipconfig/".length)];
  }
}

/**
 * Every object of the kinds that `word` may mean: a path, a link name, a Service's name, number or GUID, a Profile's
 * name; with `kind:` before it only those of the kind. Upper and lower case count only where both exist.
 */
export function findObjects(snapshot: Snapshot, word: string, among: readonly Kind[]): readonly BusObject[] {
  const [kind, rest] = splitKind(word);
  const wanted = snapshot.all.filter((object) => (kind ? object.kind === kind : true) && among.includes(object.kind));
  if (rest === "") return [];
  if (rest.startsWith("/")) return wanted.filter((object) => object.path === rest);
  const exact = wanted.filter((object) => wordsFor(object, snapshot).includes(rest));
  if (exact.length > 0) return exact;
  const lower = rest.toLowerCase();
  return wanted.filter((object) => wordsFor(object, snapshot).some((one) => one.toLowerCase() === lower));
}

function splitKind(word: string): [Kind | undefined, string] {
  const colon = word.indexOf(":");
  const kind = kinds.find((one) => one === word.slice(0, colon));
  return kind && colon > 0 ? [kind, word.slice(colon + 1)] : [undefined, word];
}

/** The one object that `word` means. Throws a usage {@link Failure} for none, and for several with a list of them. */
export function findOne(snapshot: Snapshot, word: string, among: readonly Kind[]): BusObject {
  const found = findObjects(snapshot, word, among);
  const [only, ...others] = found;
  if (!only) throw usageFailure(`no ${among.join(" or ")} is called ${quoted(word)}`, [seeFor(among)]);
  if (others.length > 0) throw ambiguous(snapshot, word, found);
  return only;
}

export function ambiguous(snapshot: Snapshot, word: string, found: readonly BusObject[]) {
  return usageFailure(
    `${quoted(word)} means ${found.length} objects; say which:`,
    found.slice(0, mostListed).map((object) => `  ${uniqueWord(object, snapshot)}  ${describe(object, snapshot)}`),
  );
}
const mostListed = 20;

/** A word that means this object alone. */
function uniqueWord(object: BusObject, snapshot: Snapshot): string {
  const words = wordsFor(object, snapshot).filter((word) => word !== "" && !/\s/.test(word));
  const single = words.find((word) => findObjects(snapshot, word, [object.kind]).length === 1);
  return single === undefined ? object.path : `${object.kind}:${single}`;
}

const describe = (object: BusObject, snapshot: Snapshot): string =>
  [labelOf(object, snapshot), object.text("State"), object.path].filter((part) => part !== "").join(", ");

const seeFor = (among: readonly Kind[]): string => {
  const verbs = among.filter((kind) => kind === "service" || kind === "device" || kind === "profile");
  return `see: ${verbs.map((kind) => `fairlead ${kind}s`).join(", ") || "fairlead get manager"}`;
};

/** Text of the person in our messages: bounded; the output removes control characters. */
export const quoted = (word: string): string => `"${word.length > 60 ? `${word.slice(0, 59)}…` : word}"`;

/**
 * The Service that a person means: by link name, its own name, number, GUID or path, or by the Device it is on. Throws
 * a usage Failure for none and for several.
 */
export function findService(snapshot: Snapshot, word: string): BusObject {
  const services = findObjects(snapshot, word, ["service"]);
  if (services.length === 1) return services[0] as BusObject;
  if (services.length > 1) throw ambiguous(snapshot, word, services);
  const devices = findObjects(snapshot, word, ["device"]);
  if (devices.length === 0) return findOne(snapshot, word, ["service"]);
  const carried = devices.flatMap(
    (device) => snapshot.at(device.reference("SelectedService")) ?? snapshot.servicesOf(device),
  );
  if (carried.length === 1) return carried[0] as BusObject;
  if (carried.length > 1) throw ambiguous(snapshot, word, carried);
  const [device] = devices as [BusObject];
  const [why, step] =
    device.flag("Powered") === false
      ? ["is disabled", `enable it: fairlead enable ${device.text("Type")}`]
      : ["has no Service", "see: fairlead services --all"];
  throw usageFailure(`${labelOf(device, snapshot)} ${why}`, [step]);
}

import { usageFailure } from "../failure.ts";
import { ambiguous, findObjects, findOne, labelOf } from "./object-names.ts";
import type { BusObject, Snapshot } from "./snapshot.ts";

/**
 * The Service that a person means: by link name, its own name, number, GUID or path, or by the Device it is on. Throws a
 * usage Failure for none and for several.
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
  const [why, verb] =
    device.flag("Powered") === false ? ["is disabled", "devices"] : ["has no Service", "services --all"];
  throw usageFailure(`${labelOf(device, snapshot)} ${why}`, [`see: fairlead ${verb}`]);
}

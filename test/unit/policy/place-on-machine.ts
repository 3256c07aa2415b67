import type { TestContext } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import type { FakeMachine, FakeMachineOptions } from "../../fakes/fake-machine.ts";
import { machine } from "../manager/machine.ts";

type Settings = Readonly<Record<string, string | readonly string[]>>;
export const settings = (values: Settings): ReadonlyMap<string, WireVariant> =>
  new Map(
    Object.entries(values).map(([name, value]) => [name, { signature: typeof value === "string" ? "s" : "as", value }]),
  );

/** Time in which a burst is over, and all that follows from it is done. */
export const quiet = (it: FakeMachine) => it.clock.advanceSettled(250);

export async function scene(t: TestContext, plugged: readonly string[] = ["eth0"], options: FakeMachineOptions = {}) {
  const it = await machine(t, plugged, options);
  await quiet(it);
  const { automation, profiles } = it.manager;
  const { locations, modifiers, policies } = automation;
  const bottom = profiles.profiles[0];
  if (!bottom) throw new Error("there is no Profile");
  /** As a client does it. */
  const createLocation = async (name: string, values: Settings, profile = bottom) => {
    const location = locations.create(profile, name, settings(values));
    it.manager.automation.reload();
    await quiet(it);
    return locations.find(location.name) ?? location;
  };
  const createModifier = async (name: string, values: Settings) => {
    modifiers.create(name, settings(values));
    it.manager.automation.reload();
    await quiet(it);
    const modifier = modifiers.find(name);
    if (!modifier) throw new Error(`there is no Modifier ${name}`);
    return modifier;
  };
  const active = () => locations.active?.name;
  return { it, automation, locations, modifiers, policies, bottom, createLocation, createModifier, active };
}

/** `name state/aux` of all. */
export const states = (list: readonly { name: string; state: string; aux: string }[]): readonly string[] =>
  list.map(({ name, state, aux }) => `${name} ${state}/${aux}`);

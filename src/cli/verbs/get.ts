import { exitCodes, usageFailure } from "../failure.ts";
import { plainMap, toPlain, toText } from "../text/bus-values.ts";
import { tableLines } from "../text/table.ts";
import { type Output, styled } from "../text/terminal-output.ts";
import type { Verb } from "../verb.ts";
import { ambiguous, findObjects, findOne, labelOf, quoted } from "../view/object-names.ts";
import { type BusObject, kinds, type Snapshot } from "../view/snapshot.ts";
import { didYouMean, nearWords } from "../words/near-words.ts";
import { shellWord } from "../words/shell-words.ts";

export const get: Verb = {
  name: "get",
  operands: "OBJECT [PROPERTY]",
  leastOperands: 1,
  mostOperands: 2,
  summary: "properties of the manager, a service, device, profile or ipconfig",
  completes: ["object", "property", "none"],
  async run({ daemon, operands, options, out }) {
    const [word = "", property] = operands;
    const snapshot = await (await daemon()).snapshot();
    if (property === undefined) {
      const found = findObjects(snapshot, word, kinds);
      if (found.length === 0) findOne(snapshot, word, kinds);
      if (options.json) out.json(Object.fromEntries(found.map((object) => [object.path, plainMap(object.properties)])));
      else for (const [at, object] of found.entries()) showAll(object, snapshot, out, at > 0);
      return exitCodes.ok;
    }
    const object = withProperty(snapshot, word, property);
    const value = object.properties.get(property)?.value;
    if (options.json) out.json({ path: object.path, property, value: toPlain(value) });
    else showValue(property, value, out);
    return exitCodes.ok;
  },
};

function showAll(object: BusObject, snapshot: Snapshot, out: Output, isLater: boolean): void {
  if (isLater) out.line();
  const label = labelOf(object, snapshot);
  out.line(styled(`${label === object.kind ? label : `${object.kind} ${label}`}  ${object.path}`, "bold"));
  const rows = [...object.properties].map(([name, { value }]) => [name, toText(name, value)]);
  const [, ...lines] = tableLines([{ title: "" }, { title: "", least: 10 }], rows, out.columns);
  out.lines(lines);
}

/** In full: scripts read it. A dictionary takes a line for each key. */
function showValue(name: string, value: unknown, out: Output): void {
  const lines = value instanceof Map ? [...value].map(([key, entry]) => `${key}=${toText(key, entry)}`) : undefined;
  for (const line of lines ?? [toText(name, value)]) out.value(line);
}

const propertyNames = (objects: readonly BusObject[]): readonly string[] =>
  objects.flatMap(({ properties }) => [...properties.keys()]);

/** A link name means its Device and its Service: the one that has the property is meant. */
function withProperty(snapshot: Snapshot, word: string, property: string): BusObject {
  const found = findObjects(snapshot, word, kinds);
  const having = found.filter(({ properties }) => properties.has(property));
  if (having.length > 1) throw ambiguous(snapshot, word, having);
  const object = having[0] ?? found[0] ?? findOne(snapshot, word, kinds);
  if (having.length === 1) return object;
  const near = nearWords(property, propertyNames(found));
  throw usageFailure(`${labelOf(object, snapshot)} has no property ${quoted(property)} now`, [
    near.length > 0 ? didYouMean(near) : `see: fairlead get ${shellWord(word)}`,
  ]);
}

import type { Subject } from "./subject.ts";

/** Findings of one run of one row: figure -> values, in the unit that the figure's name ends with. */
export type Findings = Readonly<Record<string, readonly number[]>>;

/** One measurement, done in a namespace of its own. Throws for a subject that cannot do it. */
export type Measure = (subject: Subject) => Promise<Findings>;

import type { Delta } from "./rtnl.ts";

/** A {@link Delta} before it has its reason. */
export type Change = Delta extends infer D ? (D extends Delta ? Omit<D, "reason"> : never) : never;

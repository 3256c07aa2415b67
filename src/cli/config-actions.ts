/** What `fairlead config` does. */
export const configActions = ["check"] as const;
export type ConfigAction = (typeof configActions)[number];

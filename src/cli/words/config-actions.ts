/** What `fairlead config` does. */
export const configActions = ["check", "preview", "import", "reload"] as const;
export type ConfigAction = (typeof configActions)[number];

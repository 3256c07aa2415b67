/** Actions of `fairlead config`. */
export const configActions = ["check", "preview", "import", "reload"] as const;
export type ConfigAction = (typeof configActions)[number];

/** Actions of `fairlead profile`. */
export const profileActions = ["list", "push", "pop", "create", "remove", "export", "import"] as const;
export type ProfileAction = (typeof profileActions)[number];

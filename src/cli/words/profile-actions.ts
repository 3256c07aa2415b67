/** What `fairlead profile` does. */
export const profileActions = ["list", "push", "pop", "create", "remove", "export", "import"] as const;
export type ProfileAction = (typeof profileActions)[number];

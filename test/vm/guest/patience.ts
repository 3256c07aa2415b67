/** Emulated processors that are shared with others: many times what anything takes on an idle host. */
export const patienceMs = 30_000;

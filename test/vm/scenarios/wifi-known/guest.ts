import type { Guest } from "../../machine/guest.ts";
export const guest: Guest = { init: "bare", radios: 3 };

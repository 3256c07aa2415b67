import type { Guest } from "../../machine/guest.ts";
export const guest: Guest = { init: "systemd", radios: 2 };

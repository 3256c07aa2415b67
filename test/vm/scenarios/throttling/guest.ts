import type { Guest } from "../../machine/guest.ts";

export const guest: Guest = { init: "bare", modules: ["sch_tbf", "sch_ingress", "cls_u32", "act_police"] };

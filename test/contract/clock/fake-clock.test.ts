import { FakeClock } from "../../fakes/fake-clock.ts";
import { clockCases } from "./clock-cases.ts";

clockCases("fake clock", () => {
  const clock = new FakeClock();
  return { clock, pass: (ms) => clock.advanceSettled(ms), close: () => {} };
});

import { FakeBus } from "../../fakes/fake-bus.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakePolkit } from "../../fakes/fake-polkit.ts";
import { authorityCases } from "./authority-cases.ts";

authorityCases("fake polkit", async () => {
  const bus = new FakeBus(new FakeClock());
  const [daemon, client] = [bus.port(0), bus.port(65_534)];
  const polkit = new FakePolkit(bus.port(0));
  for (const port of [daemon, client]) await port.connect();
  polkit.answers.set("org.fairlead.control", "yes").set("org.fairlead.settings", "no");
  polkit.answers.set("org.fairlead.profiles", "challenge");
  return {
    daemon,
    client,
    startPolkit: () => polkit.start(),
    stopPolkit: () => polkit.port.close(),
    close: async () => {
      for (const port of [daemon, client]) await port.close();
    },
  };
});

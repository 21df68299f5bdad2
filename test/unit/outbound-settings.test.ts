import { outboundOf } from "../../components/lib/outbound-settings";
import { parseSettings } from "../../components/lib/settings";
import { goodSettings } from "./fixtures/settings";

const outboundWith = (over: object): unknown =>
  outboundOf(parseSettings({ ...goodSettings(), ...over }));

it("lets everything out unless the settings say otherwise", () => {
  expect(outboundWith({})).toEqual({ outbound: "anywhere" });
});

it("lets out what is listed, and the port of the mail relay", () => {
  const mail = { user: "u", password: "p", from: "a@example.org", to: ["a@example.org"] };
  expect(
    outboundWith({
      outbound: {
        policy: "drop",
        allow: [
          { to: ["198.51.100.0/24"], ports: [6379] },
          { to: ["anywhere"], protocol: "udp", ports: [443, 4500] },
        ],
      },
      alerts: { mail: { ...mail, relay: "smtp.example.org:2525" } },
    }),
  ).toEqual({
    outbound: [
      { label: "allow-1", protocol: "tcp", ports: [6379], destinations: ["198.51.100.0/24"] },
      {
        label: "allow-2",
        protocol: "udp",
        ports: [443, 4500],
        destinations: ["0.0.0.0/0", "::/0"],
      },
    ],
    relayPort: 2525,
  });
});

it("needs no relay", () => {
  expect(outboundWith({ outbound: { policy: "drop" } })).toEqual({ outbound: [] });
});

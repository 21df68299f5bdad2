import { outboundOf } from "../../components/lib/outbound-settings";
import { parseSettings } from "../../components/lib/settings";
import { goodSettings } from "./fixtures/settings";

const SHARED = { privateNetwork: "192.168.128.0/17" };

const outboundWith = (over: object): unknown =>
  outboundOf(parseSettings({ ...goodSettings(), ...over }));

it("lets everything out unless the settings say otherwise", () => {
  expect(outboundWith({})).toEqual({ outbound: "anywhere", ...SHARED });
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
    ...SHARED,
  });
});

it("needs no relay", () => {
  expect(outboundWith({ outbound: { policy: "drop" } })).toEqual({
    outbound: [],
    ...SHARED,
  });
});

it("leads to the stack's own private network where it has one", () => {
  const own = { privateNetwork: "10.0.0.0/24" };
  expect(outboundWith({ network: { private: "vpc" } })).toMatchObject(own);
});

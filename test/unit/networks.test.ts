import { BlockList, isIPv6 } from "node:net";

import fc from "fast-check";

import {
  contains,
  isBareAddress,
  type Network,
  parseNetwork,
  singleAddress,
} from "../../components/lib/networks";

const anyIPv4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }));
const anyIPv6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }));
const anyNetwork = fc.oneof(anyIPv4, anyIPv6).map(([address, prefix]) => `${address}/${prefix}`);

function parsed(text: string): Network {
  const network = parseNetwork(text);
  if (!network) throw new Error(`${text} was not parsed`);
  return network;
}

describe("parseNetwork", () => {
  it.each([
    ["203.0.113.10/32", "203.0.113.10/32"],
    ["203.0.113.77/24", "203.0.113.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8:0:0:0:0:0:1/128", "2001:db8::1/128"],
    ["2001:db8:0:1:0:0:0:0/64", "2001:db8:0:1::/64"],
    ["::/0", "::/0"],
    ["::ffff:192.0.2.1/128", "::ffff:c000:201/128"],
  ])("spells %s as %s", (text, cidr) => {
    expect(parseNetwork(text)?.cidr).toBe(cidr);
  });

  it.each(["", "/", "203.0.113.10", "1.2.3/8", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/8/8"])(
    "does not take %j",
    (text) => {
      expect(parseNetwork(text)).toBeUndefined();
    },
  );

  it.each([
    "::1/129",
    "fe80::1%eth0/64",
    "1.2.3.4/ 8",
    "1.2.3.4/0x8",
    "example.org/24",
    "01.2.3.4/8",
  ])("does not take %j", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  it("spells a network in a way that it reads back", () => {
    fc.assert(
      fc.property(anyNetwork, (text) => {
        const { cidr, first, last } = parsed(text);
        expect(parsed(cidr)).toMatchObject({ cidr, first, last });
      }),
    );
  });
});

describe("contains", () => {
  it("agrees with Node's own list of blocks", () => {
    const shallow = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 6 }));
    fc.assert(
      fc.property(shallow, fc.ipV4(), ([address, prefix], other) => {
        const blocks = new BlockList();
        blocks.addSubnet(address, prefix);
        const outer = parsed(`${address}/${prefix}`);
        expect(contains(outer, parsed(`${other}/32`))).toBe(blocks.check(other));
      }),
    );
  });

  it("never finds a network of one family in one of the other", () => {
    expect(contains(parsed("::/0"), parsed("0.0.0.0/0"))).toBe(false);
    expect(contains(parsed("0.0.0.0/0"), parsed("::/0"))).toBe(false);
  });
});

describe("singleAddress", () => {
  it("names the one address with the longest prefix", () => {
    expect(singleAddress("192.168.129.10")).toBe("192.168.129.10/32");
    expect(singleAddress("2001:DB8::0001")).toBe("2001:db8::1/128");
  });

  it("refuses what is no address", () => {
    expect(() => singleAddress("app.example")).toThrow('"app.example" is not an IP address');
  });

  it("holds just that address", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const { first, last, family } = parsed(singleAddress(address));
        expect(first).toBe(last);
        expect(family).toBe(isIPv6(address) ? 6 : 4);
        expect(isBareAddress(address)).toBe(true);
      }),
    );
  });
});

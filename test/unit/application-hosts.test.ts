import { applicationHosts, webOriginOf } from "../../components/lib/application-hosts";
import { parseSettings } from "../../components/lib/settings";
import { goodSettings } from "./fixtures/settings";
import { OpenSsl } from "./fixtures/openssl";

const SERVER = {
  ...{ id: "1", label: "stronghold-test-app", privateIPv4: "192.168.129.1" },
  ...{ publicIPv4: "203.0.113.5", publicIPv6: "2001:db8:113::5", domainName: "" },
};
const { application } = parseSettings(goodSettings());

describe("the application's hosts", () => {
  it("are the server's addresses where it has no name", () => {
    expect(applicationHosts(application, SERVER)).toEqual(["203.0.113.5", "2001:db8:113::5"]);
    expect(applicationHosts(application, { ...SERVER, publicIPv6: "" })).toEqual(["203.0.113.5"]);
  });

  it("begin with the server's name where it has one", () => {
    const server = { ...SERVER, domainName: "app.example.org" };
    const hosts = applicationHosts(application, server);
    expect(hosts).toEqual(["app.example.org", "203.0.113.5", "2001:db8:113::5"]);
    expect(webOriginOf(hosts)).toBe("https://app.example.org");
  });

  it("include the names of a certificate of the operator's own, each once, without wildcards", () => {
    const openssl = new OpenSsl();
    try {
      const surplus = Array.from({ length: 20 }, (_, index) => `,DNS:${index}.example.org`).join(
        "",
      );
      const names = "DNS:*.example.org,DNS:WWW.example.org,DNS:app.example.org,IP:203.0.113.9";
      const extensions = [`subjectAltName = ${names}${surplus}`];
      const { certificate: chain, privateKey } = openssl.make("www", { extensions });
      const own = { ...application, certificate: { kind: "own" as const, chain, privateKey } };
      const addresses = ["203.0.113.5", "2001:db8:113::5"];
      const more = ["0", "1", "2", "3"].map((label) => `${label}.example.org`);
      const given = ["www.example.org", "app.example.org", ...more];
      expect(applicationHosts(own, SERVER)).toEqual([...given, ...addresses]);
      const named = applicationHosts(own, { ...SERVER, domainName: "app.example.org" });
      expect(named).toEqual(["app.example.org", "www.example.org", ...more, ...addresses]);
    } finally {
      openssl.remove();
    }
  });

  it("include the names that an ACME server certifies, after the one that the stack makes, each once", () => {
    const names = ["www.example.org", "app.example.org", "example.org"];
    const acme = { directory: "https://acme.example.org/", email: "a@example.org", names };
    const certificate = { kind: "acme" as const, ...acme, caCertificate: "" };
    const addresses = ["203.0.113.5", "2001:db8:113::5"];
    const certified = { ...application, certificate };
    expect(applicationHosts(certified, SERVER)).toEqual([...names, ...addresses]);
    expect(applicationHosts(certified, { ...SERVER, domainName: "app.example.org" })).toEqual([
      ...["app.example.org", "www.example.org", "example.org"],
      ...addresses,
    ]);
  });
});

describe("the application's origin", () => {
  it("is made of the first host", () => {
    expect(webOriginOf(["203.0.113.5", "2001:db8:113::5"])).toBe("https://203.0.113.5");
  });

  it.each([[[]], [["2001:db8:113::5"]]])("is none of %j", (hosts) => {
    expect(() => webOriginOf(hosts)).toThrow("an app server has an IPv4 address");
  });
});

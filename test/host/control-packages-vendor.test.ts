/**
 * The vendor's repository of the control `packages`, played by the host itself under the vendor's name,
 * with a key of the test's in the place of the vendor's own: what is taken from it, and what is refused.
 *
 * It does not prove that the vendor's real repository is where the control says, or that the key that the
 * control brings is the vendor's.
 */
import { itWithJournal, type Report, TestServer } from "./harness";

const server = new TestServer("b10004");
const it = itWithJournal(server);
const KEY_IN_BUNDLE = "/home/deployer/host/files/packages/etc/apt/keyrings/mysql.asc";
const SERVER = "mysql-community-server";

/** Makes packages, an index and signatures by hand, as the vendor's are laid out. */
const TOOLS = `
set -e
cd /srv/vendor/apt/debian
export GNUPGHOME=/root/keys
index=mysql-8.4-lts/binary-$(dpkg --print-architecture)/Packages

# pack NAME VERSION [NEEDS]
pack() {
  rm -rf /tmp/deb; mkdir -p /tmp/deb/DEBIAN /tmp/deb/opt; echo "$2" >/tmp/deb/opt/$1; chmod -R go-w /tmp/deb
  printf '%s\\n' "Package: $1" "Version: $2" "Architecture: all" "Maintainer: Vendor <v@vendor.example>" \
    \${3:+"Depends: $3"} "Description: as the vendor's" >/tmp/deb/DEBIAN/control
  dpkg-deb -Znone -b /tmp/deb pool/$1.deb >/dev/null
}
list() {
  for file in pool/*.deb; do
    dpkg-deb -f $file
    printf 'Filename: %s\\nSize: %s\\nSHA256: %s\\n\\n' $file $(stat -c %s $file) $(sha256sum $file | cut -d ' ' -f 1)
  done >dists/trixie/$index
}
# release WHOSE-KEY VALID-UNTIL
release() {
  cd dists/trixie
  rm -f Release.gpg InRelease
  printf '%s\\n' "Origin: MySQL" "Suite: trixie" "Codename: trixie" "Architectures: $(dpkg --print-architecture)" \
    "Components: mysql-8.4-lts" "Date: $(date -u -d '-9 days' '+%a, %d %b %Y %T UTC')" \
    "Valid-Until: $(date -u -d "$2" '+%a, %d %b %Y %T UTC')" SHA256: \
    " $(sha256sum $index | cut -d ' ' -f 1) $(stat -c %s $index) $index" >Release
  if [[ $1 != nobody ]]; then gpg -q --batch --clearsign -u $1 -o InRelease Release; fi
  cd ../..
}
`;

/** The vendor's server: its name leads to this host, and the system trusts its certificate. */
const SETUP = `
apt-get -qq update && apt-get -qq install -y --no-install-recommends gpg gpg-agent >/dev/null
mkdir -p -m 700 /root/keys; mkdir -p /srv/vendor/apt/debian/{pool,dists/trixie/mysql-8.4-lts/binary-$(dpkg --print-architecture)}
${TOOLS}
for name in vendor thief; do
  gpg -q --batch --passphrase '' --quick-gen-key $name@$name.example ed25519 sign never 2>/dev/null
done
gpg --armor --export vendor@vendor.example >${KEY_IN_BUNDLE}
pack mysql-community-server 8.4.9-1debian13 'mysql-community-client, mysql-common (>= 8)'
pack mysql-community-client 8.4.9-1debian13 'mysql-common'
pack mysql-common 8.4.9-1debian13
pack sudo 99
pack stray 1
list
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=vendor -addext subjectAltName=DNS:repo.mysql.com \
  -keyout /srv/tls.key -out /srv/tls.pem 2>/dev/null
cat /srv/tls.pem >>/etc/ssl/certs/ca-certificates.crt
echo '127.0.0.1 repo.mysql.com' >>/etc/hosts
echo 'Acquire::https::Proxy::repo.mysql.com "DIRECT";' >/etc/apt/apt.conf.d/99vendor
cat >/srv/serve.py <<'END'
import functools, http.server, ssl
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def finish(self):
        # Apt's TLS takes a connection that just ends for one that somebody cut off.
        super().finish()
        self.connection.unwrap()
handler = functools.partial(Handler, directory="/srv/vendor")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), handler)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("/srv/tls.pem", "/srv/tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
END
systemd-run -q --unit=vendor python3 /srv/serve.py
timeout 20 bash -c 'until (: </dev/tcp/127.0.0.1/443) 2>/dev/null; do sleep 0.1; done'
`;

const drive = (verb: string, more = {}): Report =>
  server.drive(verb, "packages", {
    PACKAGES: `sudo ${SERVER} mysql-community-client`,
    DATABASE_SOURCE: "vendor",
    ...more,
  });
const vendor = (line: string): string => server.must(`${TOOLS}\n${line}`);
const candidate = (name: string): string =>
  /Candidate: (.*)/.exec(server.must(`apt-cache policy ${name}`))?.[1] ?? "";
const installed = (): boolean => server.root(`dpkg -s ${SERVER}`).code === 0;

beforeAll(async () => {
  await server.boot();
  server.must(SETUP);
}, 540_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the vendor's repository", () => {
  it.each<[string, string, RegExp]>([
    ["is not signed", "release nobody +9days", /repository 'https:.*' is not signed/],
    [
      "is signed by somebody else",
      "release thief +9days",
      /repo\.mysql\.com.*(not signed|Sub-process .* error)/,
    ],
    [
      "was changed after it was signed",
      "release vendor +9days; sed -i 's/^Origin: MySQL/Origin: MySQl/' dists/trixie/InRelease",
      /repo\.mysql\.com.*(not signed|Sub-process .* error)/,
    ],
    ["has expired", "release vendor -1day", /is expired.*\n.*database\.source\.expired/],
    [
      "has another package than it signed",
      "release vendor +9days; cp -a pool /tmp; pack mysql-community-server 8.4.9-1debian13 'mysql-common  '",
      /mysql-community-server\.deb.*Hash Sum mismatch/s,
    ],
  ])("is refused where it %s", (_what, fault, said) => {
    vendor(`list; ${fault}`);
    const refused = drive("apply");
    vendor("if [[ -d /tmp/pool ]]; then rm -r pool; mv /tmp/pool .; fi");
    expect(refused).toMatchObject({ code: 70, fails: [] });
    expect(refused.stderr).toMatch(said);
    expect(installed()).toBe(false);
    expect(candidate("sudo")).not.toMatch(/^9/);
  });

  it("gives the database, and nothing else", () => {
    vendor("list; release vendor +9days");
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    const taken = "cat /opt/mysql-community-server /opt/mysql-community-client /opt/mysql-common";
    expect(server.must(taken)).toBe(Array(3).fill("8.4.9-1debian13").join("\n"));
    expect(server.must("apt-cache madison sudo")).toContain("repo.mysql.com");
    expect(candidate("sudo")).not.toBe("99");
    expect(candidate("stray")).toBe("(none)");
    expect(server.must("apt-get -s dist-upgrade")).not.toContain("stray");
    expect(server.root("apt-get install -y stray").stderr).toMatch(/no installation candidate/);
    // The key vouches for this one source, not for all.
    expect(server.must("grep -rl stronghold-mysql /etc/apt")).toBe(
      "/etc/apt/sources.list.d/stronghold-database.sources",
    );
  });

  it("is taken expired only where the settings accept that", () => {
    server.must(`dpkg --purge ${SERVER}`);
    vendor("release vendor -1day");
    expect(drive("apply").code).toBe(70);
    const accepted = { SOURCE_EXPIRED: "accept" };
    expect(drive("apply", accepted)).toMatchObject({ code: 0, fails: [], changed: 2, stderr: "" });
    expect(installed()).toBe(true);
  });

  it("is forgotten together with its key where the settings name another source", () => {
    const none = { DATABASE_SOURCE: "none" };
    expect(drive("audit", none)).toMatchObject({ code: 1, fails: ["PACKAGES-03"] });
    expect(drive("apply", none)).toMatchObject({ code: 0, fails: [], changed: 3, stderr: "" });
    expect(server.root("ls /etc/apt/*/stronghold-*").code).toBe(2);
  });
});

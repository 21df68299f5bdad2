/**
 * What the control `ssh` makes of Ubuntu's OpenSSH, its files and its socket. That real clients get in, or
 * do not, is control-ssh.test.ts's on a booted Ubuntu.
 */
import { describeWithViews, type Release, RELEASES, runControl } from "./fixtures/control-bash";

const DEPLOYER_FROM = "203.0.113.10/32,2001:db8:10::10/128";
const parameters = { DEPLOYER: "deployer", DEPLOYER_FROM, PERMIT_OPEN: "" };

const EXCHANGES: Record<Release, { served: string; asked: string }> = {
  "ubuntu-24.04": {
    served: "sntrup761x25519-sha512@openssh.com,curve25519-sha256",
    asked: "sntrup761x25519-sha512@openssh.com",
  },
  "ubuntu-26.04": {
    served: "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com",
    asked: "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com",
  },
};

/** OpenSSH as that release has it: its list of exchanges, and whether `sshd -T` knows a keyword at all. */
const OPENSSH = `
ssh() { [[ "$*" == '-Q kex' ]] && cat "$FIXTURE/says/ssh-Q-kex"; }
sshd() {
  [[ "$1 $2 $3" == '-t -f /dev/null' && $6 == -o ]] || return 255
  local keyword=\${7%%=*}
  grep -q "^\${keyword,,} " "$FIXTURE/says/sshd-T"
}
`;

/** systemd's answers on an Ubuntu, where the socket and not the service is started at boot. */
const systemd = (listen: string, socket = "active"): string => `
systemctl() {
  case "$*" in
    'show --timestamp=us+utc '*' -- ssh.service ssh.socket')
      printf '%s\\n' MainPID=0 ActiveState=inactive StateChangeTimestamp= '' ActiveState=${socket} ${listen
        .split("\n")
        .map((where) => `'Listen=${where}'`)
        .join(" ")}
      ;;
    '--quiet is-enabled ssh.socket') return 0 ;;
    *) return 1 ;;
  esac
}
`;

const run = (release: Release, script: string, programs = "") =>
  runControl({ release, control: "ssh", parameters, programs: OPENSSH + programs, script });

describeWithViews.each(RELEASES)("the control ssh on %s", (release) => {
  const { served, asked } = EXCHANGES[release];

  it("offers the key exchanges that this OpenSSH has, and asks the next server for no other kind", () => {
    expect(run(release, 'printf "%s\\n" "$(exchanges_served)" "$(exchanges_known)"').text).toBe(
      `${served}\n${asked}\n`,
    );
  });

  it("audits for what it offers", () => {
    const { text } = run(release, 'printf "%s\\n" "${ALGORITHMS[0]}" "${CLIENT[5]}"');
    expect(text).toBe(`kexalgorithms ${served}\nkexalgorithms ${asked}\n`);
  });

  it("writes sshd no keyword that it would refuse to start with", () => {
    const { text } = run(release, "drop_in_text");
    expect(text).toContain(`\nKexAlgorithms ${served}\n`);
    const penalties = text.match(/^PerSourcePenaltyExemptList .*$/gm);
    const wanted = [`PerSourcePenaltyExemptList ${DEPLOYER_FROM}`];
    expect(penalties).toEqual(release === "ubuntu-24.04" ? null : wanted);
    expect(text).not.toMatch(/@[A-Z_]+@/);
  });

  it("keeps Ubuntu's Include as it is, and cloud-init's file behind its own", () => {
    const script = `
      printf 'PermitRootLogin yes\\n' >/etc/ssh/sshd_config.d/00-first-boot.conf
      write_configuration /etc/ssh
      printf -- '-- again\\n'
      write_configuration /etc/ssh
      ls /etc/ssh/sshd_config.d
      sshd() { :; }
      is_valid && grep -c '^Include' /etc/ssh/sshd_config`;
    expect(run(release, script).text.split("\n")).toEqual([
      "CHANGED wrote /etc/ssh/stronghold-everyone.conf",
      "CHANGED wrote /etc/ssh/sshd_config.d/00-stronghold.conf",
      "CHANGED set /etc/ssh/sshd_config.d/00-first-boot.conf aside, which sshd read before ours",
      "-- again",
      "00-first-boot.conf.set-aside",
      "00-stronghold.conf",
      "50-cloud-init.conf",
      "1",
      "",
    ]);
  });

  it("takes the socket for what starts sshd at boot, as long as it listens where it should", () => {
    const listens = (listen: string, socket?: string) =>
      run(release, "sshd_is_current", systemd(listen, socket));
    expect(listens("0.0.0.0:22 (Stream)\n[::]:22 (Stream)")).toEqual({ code: 0, text: "" });
    // What the generator makes of a `Port 2222`, whatever sshd itself says of its port.
    expect(listens("0.0.0.0:2222 (Stream)\n[::]:2222 (Stream)")).toEqual({
      code: 1,
      text: "ssh.socket listens on 0.0.0.0:2222; ",
    });
    expect(listens("0.0.0.0:22 (Stream)\n/run/door (Stream)").text).toContain("/run/door");
    expect(listens("0.0.0.0:22 (Stream)", "inactive").text).toContain("neither ssh.service nor");
  });
});

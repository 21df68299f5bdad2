/**
 * What the controls `accounts`, `passwords` and `two-factor` make of Ubuntu's sudoers and PAM files. That
 * people get in and use sudo is the host layer's, on a booted Ubuntu.
 */
import {
  describeWithViews,
  fixture,
  type Release,
  RELEASES,
  runControl,
} from "./fixtures/control-bash";

const parameters = {
  DEPLOYER: "deployer",
  DEPLOYER_KEYS_B64: "",
  DEPLOYER_FROM: "203.0.113.10/32",
  ADMINS_B64: "",
};

/** Where `cvtsudoers` is not what the machine that runs the tests has, but what the release has. */
const CONVERTERS: Record<Release, string> = {
  "ubuntu-24.04": `cvtsudoers() { cat /etc/sudoers; }`,
  "ubuntu-26.04": `
    cvtsudoers.ws() { cat /etc/sudoers; }
    command() { [[ $2 != cvtsudoers ]] && builtin command "$@"; }`,
};
const RULE = `printf 'deployer ALL = (ALL : ALL) NOPASSWD: ALL\\n' >>/etc/sudoers\n`;

const accounts = (release: Release, script: string) =>
  runControl({
    ...{ release, control: "accounts", parameters, programs: CONVERTERS[release] },
    script: `deployer=deployer\n${script}`,
  });

describeWithViews.each(RELEASES)("the control accounts on %s", (release) => {
  it("reads sudo's rules with the tool that is there", () => {
    expect(accounts(release, `${RULE}sudo_asks`)).toEqual({ code: 0, text: "" });
    const open = `${RULE}printf 'eve ALL=(ALL) NOPASSWD: ALL\\n' >>/etc/sudoers\nsudo_asks`;
    expect(accounts(release, open)).toEqual({
      code: 1,
      text: "eve ALL=(ALL) NOPASSWD: ALL; ",
    });
  });

  it("does not take silence for rules where neither tool is there", () => {
    const none = `command() { return 1; }\n${RULE}sudo_asks`;
    expect(accounts(release, none)).toEqual({
      code: 1,
      text: "cvtsudoers does not read /etc/sudoers; ",
    });
  });

  it("tells of the file that sudo-rs would read in place of sudoers", () => {
    expect(accounts(release, `${RULE}touch /etc/sudoers-rs\nsudo_asks`)).toEqual({
      code: 1,
      text: "/etc/sudoers-rs takes the place of /etc/sudoers; ",
    });
  });

  it("counts the group admin, which Ubuntu's sudoers gives everything, once there is such a group", () => {
    const groups = (before = ""): string =>
      accounts(release, `${before}\nopening_groups | paste -sd ' '`).text;
    const made = "printf 'admin:x:1500:eve\\n' >>/etc/group";
    expect(groups()).toBe("sudo ssh-users\n");
    expect(groups(made)).toBe("sudo ssh-users admin\n");
    expect(groups(`${made}; sed '/^%admin/d' /etc/sudoers >/etc/s; mv /etc/s /etc/sudoers`)).toBe(
      "sudo ssh-users\n",
    );
  });

  it("names who is in that group", () => {
    const script = `
      printf 'ssh-users:x:1501:\\nadmin:x:1500:eve\\n' >>/etc/group
      groups_are_exact`;
    expect(accounts(release, script)).toEqual({ code: 1, text: "eve in admin; " });
  });
});

describeWithViews.each(RELEASES)("the control passwords on %s", (release) => {
  const passwords = (script: string) =>
    runControl({ release, control: "passwords", parameters: { PEOPLE_B64: "" }, script });

  it("finds no service that changes passwords by rules of its own", () => {
    expect(passwords("own_rules || true").text).toBe("");
    const own = "printf 'password required pam_unix.so\\n' >/etc/pam.d/backdoor\nown_rules";
    expect(passwords(own).text).toBe("/etc/pam.d/backdoor:password required pam_unix.so\n");
  });

  it("replaces Ubuntu's rules, which ask for no quality", () => {
    const script = `
      quietly() { printf '%s\\n' "$*"; }
      pam_asks || printf '\\n'
      mend_quality
      grep -c pam_pwquality.so /etc/pam.d/common-password`;
    const { text } = passwords(script);
    expect(text).toMatch(/^\/etc\/pam\.d\/common-password differs; /);
    expect(text).toContain("pam-auth-update --package --enable pwquality\n");
    expect(text).toContain("CHANGED wrote /etc/pam.d/common-password\n1\n");
  });

  it("changes one line alone of what Ubuntu's own tool would write", () => {
    const rules = (text: string): string[] =>
      text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const { text } = passwords('render "passwords$PAM_FILE"');
    const [first, unix, ...rest] = rules(text);
    const [ubuntus, ...others] = rules(fixture(release, "etc/pam.d/common-password"));
    expect(first).toMatch(/pam_pwquality\.so retry=3$/);
    expect(unix?.replace(" use_authtok try_first_pass", "")).toBe(ubuntus);
    expect(rest).toEqual(others);
  });
});

describeWithViews.each(RELEASES)("the control two-factor on %s", (release) => {
  const twoFactor = (script: string) =>
    runControl({
      ...{ release, control: "two-factor", parameters: { PEOPLE_B64: "", UNENROLLED: "refuse" } },
      script: `install_stack() { stack_text >"$PAM_FILE"; }\n${script}`,
    });

  it("sees that Ubuntu's own file asks for a password", () => {
    expect(twoFactor("asks_second_factor")).toMatchObject({ code: 1 });
    expect(twoFactor('effective "$PAM_FILE" auth | head -n 1').text).toMatch(/pam_unix\.so/);
  });

  it("asks for the second factor alone once its own file is there", () => {
    expect(twoFactor("install_stack; asks_second_factor")).toEqual({ code: 0, text: "" });
  });

  it("finds that Ubuntu's accounts' rules hold with it, and says so when they do not", () => {
    expect(twoFactor("install_stack; account_rules_hold")).toEqual({ code: 0, text: "" });
    const open = "printf 'account required pam_permit.so\\n' >/etc/pam.d/common-account";
    expect(twoFactor(`install_stack; ${open}; account_rules_hold`)).toEqual({
      code: 1,
      text: "expired accounts and passwords do not count; ",
    });
  });

  it("keeps every session rule of Ubuntu's own file", () => {
    const rules = (text: string): string[] =>
      [...text.matchAll(/^(?:session|@include common-session).*/gm)].map(([line]) =>
        // Whether a user's own ~/.pam_environment counts; pam_env(8) calls it a risk and has dropped it.
        line.replace(/\s+/g, " ").replace("user_readenv=1 ", ""),
      );
    const ours = rules(twoFactor("stack_text").text);
    expect(ours).toEqual(rules(fixture(release, "etc/pam.d/sshd")));
  });
});

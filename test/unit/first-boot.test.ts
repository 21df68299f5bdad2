import { parse } from "yaml";

import { renderFirstBoot } from "../../components/lib/first-boot";

const TEXT = renderFirstBoot({
  hostName: "stronghold-test-app",
  deployer: "deployer",
  deployerKeys: ["ssh-ed25519 AAAAfirst", "ssh-ed25519 AAAAoperator # laptop: old"],
  hostKey: {
    privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----\n",
    publicKey: "ssh-ed25519 AAAAhost",
  },
});

describe("first-boot data", () => {
  it("is exactly this", () => {
    expect(TEXT).toBe(`#cloud-config
hostname: stronghold-test-app
preserve_hostname: false
manage_etc_hosts: true
disable_root: true
ssh_pwauth: false
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3Blbn
    -----END OPENSSH PRIVATE KEY-----
  ed25519_public: |
    ssh-ed25519 AAAAhost
users:
  - name: deployer
    gecos: Automation of the stack
    shell: /bin/bash
    lock_passwd: true
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys:
      - ssh-ed25519 AAAAfirst
      - "ssh-ed25519 AAAAoperator # laptop: old"
write_files:
  - path: /etc/ssh/sshd_config.d/00-first-boot.conf
    permissions: "0600"
    content: |
      # From the first boot on: nobody gets in by password, and root not at all.
      PermitRootLogin no
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      PermitEmptyPasswords no
`);
  });

  it("is YAML in which keys and comments survive, whatever characters they have", () => {
    const { users } = parse(TEXT) as { users: { ssh_authorized_keys: string[] }[] };
    expect(users[0]?.ssh_authorized_keys[1]).toBe("ssh-ed25519 AAAAoperator # laptop: old");
  });

  it("stays below the vendor's limit of 65535 bytes, with many keys too", () => {
    const rsa4096 = `ssh-rsa ${"A".repeat(716)} a long comment to say whose key it is`;
    const text = renderFirstBoot({
      hostName: "stronghold-test-app",
      deployer: "deployer",
      deployerKeys: Array<string>(50).fill(rsa4096),
      hostKey: { privateKey: "x".repeat(400), publicKey: "y" },
    });
    expect(Buffer.byteLength(text)).toBeLessThan(65_535);
  });
});

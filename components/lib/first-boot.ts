import { stringify } from "yaml";

import type { KeyPair } from "./ssh-key-pairs";

export interface FirstBoot {
  /** The server's label becomes its host name. */
  hostName: string;
  /** The account that automation logs in with. */
  deployer: string;
  /** Lines of its `authorized_keys`. */
  deployerKeys: readonly string[];
  /** The host key of the first connection, replaced over that very connection. */
  hostKey: KeyPair;
}

/** Closes what an image may leave open, before sshd starts for the first time. */
const SSHD_DROP_IN = `# From the first boot on: nobody gets in by password, and root not at all.
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
`;

/**
 * What cloud-init does before anybody can log in: the host key that the stack already knows, and the
 * one account that goes on from there.
 *
 * It is small on purpose. Any change of it would replace the server, and every user of the server can
 * read it through the metadata service for ever: so it holds no secret that lasts.
 */
export function renderFirstBoot({ hostName, deployer, deployerKeys, hostKey }: FirstBoot): string {
  const config = {
    hostname: hostName,
    preserve_hostname: false,
    // Without it, sudo cannot resolve the host's own name and waits for a name server.
    manage_etc_hosts: true,
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: {
      ed25519_private: hostKey.privateKey,
      ed25519_public: `${hostKey.publicKey}\n`,
    },
    users: [
      {
        name: deployer,
        gecos: "Automation of the stack",
        shell: "/bin/bash",
        lock_passwd: true,
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        ssh_authorized_keys: [...deployerKeys],
      },
    ],
    write_files: [
      {
        // cloud-init itself writes 50-cloud-init.conf, and the first value that sshd reads wins.
        path: "/etc/ssh/sshd_config.d/00-first-boot.conf",
        permissions: "0600",
        content: SSHD_DROP_IN,
      },
    ],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}

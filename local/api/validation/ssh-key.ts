const TYPES: readonly string[] = [
  "ssh-ed25519",
  "ssh-rsa",
  "ssh-dss",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
];

export const SSH_KEY_FAULT =
  "SSH Key must be one line: a type such as ssh-ed25519, the key in base64, and a comment if you like.";

/** Weak keys pass, as they do at the vendor: refusing those is for the stack's settings. */
export function isSshKey(text: unknown): boolean {
  if (typeof text !== "string") return false;
  const line = text.trimEnd();
  const [type = "", key = ""] = line.split(" ");
  return TYPES.includes(type) && /^[A-Za-z0-9+/]+={0,2}$/.test(key) && !/[\r\n]/.test(line);
}

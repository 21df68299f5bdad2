/** How we speak TLS: as little as every browser of the last ten years needs. */
import { constants } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Server, ServerOptions } from "node:https";
import { createSecureContext } from "node:tls";

import type { TlsConfig } from "./config.js";

/** Forward secrecy and authenticated encryption, or nothing. */
const CIPHERS = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
];

/** @throws if a file cannot be read, or the key is not the certificate's. */
export function tlsOptions({ certificate, privateKey }: TlsConfig): ServerOptions {
  const options: ServerOptions = {
    cert: readFileSync(certificate),
    key: readFileSync(privateKey),
    minVersion: "TLSv1.2",
    ciphers: CIPHERS.join(":"),
    honorCipherOrder: true,
    ecdhCurve: "X25519:prime256v1:secp384r1",
    // A handshake costs us more than whoever asks for it, and one a connection is enough.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
  createSecureContext(options);
  return options;
}

/** Takes up a renewed certificate. Connections go on, and so does the old one if the new one is no good. */
export function reloadTls(server: Server, config: TlsConfig): void {
  try {
    server.setSecureContext(tlsOptions(config));
    console.log("reloaded the certificate");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    console.error(`kept the old certificate, as the new one is no good: ${code ?? message}`);
  }
}

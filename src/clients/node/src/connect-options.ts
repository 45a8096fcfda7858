import type { TlsOptions } from "./address.js";
import { check, isRecord, isText, misuse, number, rulesOf, shown, text, wholeNumber, type Rule } from "./checks.js";
import { Limits } from "./wire.js";

export interface ConnectOptions {
  /** What is in the host's token file. Over TCP only: a Unix socket knows its peer. */
  token?: string;
  tls?: TlsOptions;
  /** Which pool of the host; needed where it has several. */
  pool?: string;
  /** How long to wait for a host that is not there yet. Default 0: the first failure is told. */
  waitMs?: number;
  /** How long a host may be away before what waits for it, and what comes, rejects with HostUnavailable. What runs there waits on, as long as the host keeps it. Default 3000. */
  patienceMs?: number;
  /** How many tasks may wait in this client; more are refused (Rejected). Default 100 000. */
  maxWaiting?: number;
}

const milliseconds = number(" of milliseconds", "from 0", (value) => value >= 0);
const most = wholeNumber(1);

const connectRules = rulesOf({
  // Nobody's to read in a log.
  token: { allowed: "the text in the host's token file", fits: (value) => isText(value, 1), said: (value) => typeof value === "string" ? "empty" : `a ${typeof value}` },
  tls: { allowed: "true, or an object of ca, cert, key and serverName; without it there is no TLS", fits: (value) => value === true || isRecord(value) },
  pool: text(0, Limits.nameLength),
  waitMs: milliseconds,
  patienceMs: milliseconds,
  maxWaiting: { ...most, fits: (value) => value === Infinity || most.fits(value) },
});

const pem: Rule = {
  allowed: "PEM, as text or bytes",
  fits: (value) => isText(value, 1) || value instanceof Uint8Array,
  // It may be a private key.
  said: (value) => typeof value === "string" ? "empty" : shown(value),
};
const tlsRules = rulesOf({ ca: pem, cert: pem, key: pem, serverName: text(1, 253) });

/** Throws a TypeError or RangeError, with the option, what was given and what is allowed. */
export function checkConnectOptions(options: ConnectOptions): void {
  check("connect", options, connectRules, misuse);
  const { tls } = options;
  if (isRecord(tls)) {
    check("tls of connect", tls, tlsRules, misuse);
    if ((tls.cert === undefined) !== (tls.key === undefined)) {
      throw new TypeError(`tls of connect has ${tls.cert ? "cert without key" : "key without cert"}; a client that shows a certificate needs both`);
    }
  }
}

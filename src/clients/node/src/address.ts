import * as grpc from "@grpc/grpc-js";
import { existsSync } from "node:fs";
import { Limits } from "./wire.js";

/** The files' contents, in PEM; true: TLS with the authorities that Node knows. */
export type TlsOptions = true | {
  /** Who must have signed the host's certificate. */
  ca?: string | Buffer;
  /** Where the host asks clients for a certificate. */
  cert?: string | Buffer;
  key?: string | Buffer;
  /** The name in the host's certificate, where it is not the one in the address. */
  serverName?: string;
};

/** Where a host is and how to come in. */
export interface Address {
  /** As it was given, for messages. */
  readonly text: string;
  readonly target: string;
  readonly hasToken: boolean;
  /** A Unix socket. */
  readonly isLocal: boolean;
  readonly credentials: grpc.ChannelCredentials;
  readonly channelOptions: grpc.ChannelOptions;
  metadata(): grpc.Metadata;
}

export function parseAddress(text: string, token: string | undefined, tls: TlsOptions | undefined): Address {
  if (typeof text !== "string" || text === "") {
    throw new TypeError(`the address of a host is "unix:///path/to/data.sock" or "host:port", not ${JSON.stringify(text)}`);
  }
  const unix = text.startsWith("unix:");
  // As an endpoint file has it.
  const place = text.replace(/^https?:\/\//, "");
  if (!unix && !/^(\[[^\]]+\]|[^:/\s]+):\d{1,5}$/.test(place)) {
    throw new TypeError(`${JSON.stringify(text)} is no address of a host; it is "unix:///path/to/data.sock" or "host:port"`);
  }
  const path = unix ? text.replace(/^unix:(\/\/)?/, "") : undefined;
  if (path !== undefined && (!path.startsWith("/") || Buffer.byteLength(path) > 107)) {
    throw new TypeError(`${JSON.stringify(text)} is no address of a host: the path of a socket is absolute and has at most 107 bytes`);
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("the token has other characters than visible ASCII; it is the text in the host's token file, without the line's end");
  }

  const options: grpc.ChannelOptions = {
    // Limits are the host's; what this package reads is bounded by what the host says in its hello.
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    "grpc.enable_retries": 0,
    // One session, one connection: another try does not wait for the backoff of the one before.
    "grpc.use_local_subchannel_pool": 1,
    "grpc-node.flow_control_window": 4 * Limits.frameBytes,
  };
  if (unix) {
    // Others would be refused, see src/docs/sidecar-clients.md.
    options["grpc.default_authority"] = "localhost";
  } else {
    options["grpc.keepalive_time_ms"] = 15_000;
    options["grpc.keepalive_timeout_ms"] = 10_000;
  }
  const files = tls === true || (tls === undefined && text.startsWith("https:")) ? {} : tls;
  if (files?.serverName) {
    options["grpc.ssl_target_name_override"] = files.serverName;
    options["grpc.default_authority"] = files.serverName;
  }

  return {
    text,
    target: unix ? `unix://${path}` : place,
    hasToken: token !== undefined,
    isLocal: unix,
    credentials: files ? secure(files) : grpc.credentials.createInsecure(),
    channelOptions: options,
    metadata: () => {
      const metadata = new grpc.Metadata();
      if (token !== undefined) {
        metadata.set("authorization", `Bearer ${token}`);
      }
      return metadata;
    },
  };
}

/** Says more than "connection refused" where the file system knows more. */
export function socketHint(address: Address): string {
  const path = address.target.startsWith("unix://") ? address.target.slice("unix://".length) : undefined;
  return path !== undefined && !existsSync(path) ? `; there is no socket ${path}` : "";
}

function secure(files: Exclude<TlsOptions, true>): grpc.ChannelCredentials {
  try {
    return grpc.credentials.createSsl(bytes(files.ca), bytes(files.key), bytes(files.cert));
  } catch (e) {
    throw new TypeError(`ca, cert and key of option tls of connect cannot be used: ${(e as Error).message}`, { cause: e });
  }
}

function bytes(pem: string | Buffer | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem as string);
}

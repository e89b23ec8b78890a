/// <reference types="node" />

/**
 * What to upload: a path or file URL, bytes, a Blob, or a stream or other iterable of bytes (a Node.js `Readable`, a web
 * `ReadableStream`, an async generator), of which as much is read as the server takes.
 */
export type Source = string | URL | Uint8Array | Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Bounds of the waits, in seconds. */
export interface Timeouts {
  /** For a connection, TLS handshake included. */
  connect: number;
  /** While sending, without a byte being taken (CLIENT-13). A slow server that takes some is waited for. */
  stall: number;
  /** For a reply that was asked for, without anything coming (CLIENT-11). */
  reply: number;
  /** For a reset after the last byte, where no reply was asked for (CLIENT-15). */
  settle: number;
}

/** Whom to trust, and who we are, when the address begins with `tls://`; files are PEM. */
export interface TlsOptions {
  /** Certificates of the authorities to trust instead of the system's. */
  caFile?: string;
  /** Our own certificate; the key may stand in the same file. */
  certificate?: string;
  key?: string;
  /** The name that the server's certificate must carry, if not the host of the address. */
  serverName?: string;
  /** Trust any certificate. Then anybody between here and the server can read and change everything. */
  insecure?: boolean;
}

export interface ClientOptions {
  timeouts?: Partial<Timeouts>;
  tls?: TlsOptions;
}

/** How far a body has come. */
export interface Progress {
  filename: string;
  sent: number;
  filesize: number;
}

export interface PutOptions {
  /** The name to store under, if not the base name of the path. */
  name?: string;
  /** Bytes of the body; needed for streams. A source that ends before is a failure, what it has more is not sent. */
  size?: number;
  /** Ask the server to confirm, and compare digests. Not every server replies. */
  reply?: boolean;
  signal?: AbortSignal;
  progress?: (news: Progress) => void;
}

/** What the server says that it stored. */
export interface Stored {
  filename: string;
  filesize: number;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
}

/** What came of a put: `isStored` with `reply`; without it the bytes were written, and nobody confirmed anything. */
export type Put = ({ isStored: true } & Stored) | { isStored: false; filename: string; filesize: number };

export interface Greeting {
  protocol: 1;
  server: string;
  features: string[];
  maxHeader: number;
  maxFilesize: number | null;
}

interface Aborting {
  signal?: AbortSignal;
}

export class Client {
  /** @param target HOST:PORT, [::1]:PORT, tls://HOST:PORT or unix:PATH; a RangeError says what is wrong with it. */
  constructor(target: string, options?: ClientOptions);
  /** Open a connection for several requests. */
  connect(options?: Aborting): Promise<Connection>;
  /** Upload over a connection of its own; when resolved, the file was handed over, or with `reply` stored. */
  put(source: Source, options?: PutOptions): Promise<Put>;
  /** Ask what is stored under a name; undefined when nothing is. */
  stat(name: string, options?: Aborting): Promise<Stored | undefined>;
  /** Ask what the server is; `NoReply` from servers without replies. */
  hello(options?: Aborting): Promise<Greeting>;
}

/** An open connection: any number of requests, one after the other. */
export class Connection {
  private constructor();
  /** Whether requests can be made. After most errors they can't. */
  readonly isOpen: boolean;
  /** Upload. Without `reply` only `finish` tells whether the file was handed over. */
  put(source: Source, options?: PutOptions): Promise<Put>;
  stat(name: string, options?: Aborting): Promise<Stored | undefined>;
  hello(options?: Aborting): Promise<Greeting>;
  /** End in order: half-close, and see that no reset comes. */
  finish(options?: Aborting): Promise<void>;
  /** Give the connection up at once. */
  abort(): void;
}

/** Anything that keeps a request from succeeding; `clause` is the one that was broken, or that orders the report. */
export class ClientError extends Error {
  clause: string | undefined;
}
/** A source can't be sent: missing, a folder, unreadable, without a size, or without a valid name. */
export class FileFailed extends ClientError {}
/** No connection could be made. */
export class ConnectionFailed extends ClientError {}
/** A request was begun and did not succeed, or not for all that is known. */
export class RequestFailed extends ClientError {}
/** The connection was reset, closed or stuck before all bytes were handed over. */
export class ConnectionLost extends RequestFailed {}
/** A source ended before the size that was announced. */
export class FileShrank extends RequestFailed {}
/** A reply that was asked for didn't come. The request may have been carried out all the same. */
export class NoReply extends RequestFailed {}
/** What came is no reply, or one to something else. */
export class WrongReply extends RequestFailed {}
/** The server stored other bytes than were sent. */
export class DigestDiffers extends WrongReply {}
/** The server answered with an error. */
export class ErrorReply extends RequestFailed {
  /** One of the table in section 8.5; an unknown one has become "internal". */
  code: string;
  /** The server's own words: show them with care. */
  words: string;
  closing: boolean;
}

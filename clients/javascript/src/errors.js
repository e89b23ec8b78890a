/** Anything that keeps a request from succeeding. `clause` is the one that was broken, or that orders the report. */
export class ClientError extends Error {
  /**
   * @param {string} message one line for people
   * @param {{clause?: string, cause?: unknown}} [options]
   */
  constructor(message, { clause, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.clause = clause;
  }
}

/** A file or stream can't be sent: missing, a folder, unreadable, without a size, or without a valid name (CLIENT-8). */
export class FileFailed extends ClientError {}

/** No connection could be made (CLIENT-14). */
export class ConnectionFailed extends ClientError {}

/** A request was begun and did not succeed, or not for all that is known. */
export class RequestFailed extends ClientError {}

/** The connection was reset, closed or stuck before all bytes were handed over (CLIENT-14). */
export class ConnectionLost extends RequestFailed {}

/** A source ended before the size that was announced; the connection was closed inside the body (CLIENT-5). */
export class FileShrank extends RequestFailed {}

/** A reply that was asked for didn't come (CLIENT-16). The request may have been carried out all the same. */
export class NoReply extends RequestFailed {}

/** What came is no reply, or one to something else. */
export class WrongReply extends RequestFailed {}

/** The server stored other bytes than were sent (CLIENT-16). */
export class DigestDiffers extends WrongReply {}

/** The server answered with an error (CLIENT-16). */
export class ErrorReply extends RequestFailed {
  /**
   * @param {string} code one of the table in section 8.5; an unknown one has become "internal" (EXT-2)
   * @param {string} words the server's own
   * @param {boolean} closing whether the server ends the connection
   */
  constructor(code, words, closing) {
    super(`the server said error [${code}]${words ? `: ${words}` : ""}`, { clause: "CLIENT-16" });
    this.code = code;
    this.words = words;
    this.closing = closing;
  }
}

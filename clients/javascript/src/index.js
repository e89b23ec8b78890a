export { Client } from "./client.js";
export { Connection } from "./connection.js";
export {
  ClientError,
  ConnectionFailed,
  ConnectionLost,
  DigestDiffers,
  ErrorReply,
  FileFailed,
  FileShrank,
  NoReply,
  RequestFailed,
  WrongReply,
} from "./errors.js";

import { createServer, type Server, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';
import { answerOrdinarily, type Collections } from './scripted-mongo-data.js';

/** What a test says instead of the ordinary answer; `cut` closes the connection without one. */
export type ScriptedAnswer = Document | 'cut';
/** Undefined: the ordinary answer. What calls `ordinary` lets the command take effect first. */
export type Script = (command: Document, ordinary: () => Document) => ScriptedAnswer | undefined;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER = 16;

/**
 * A MongoDB of a few kilobytes, in this process, that speaks OP_MSG and keeps documents in memory. It answers with the errors
 * that a test says, so that the real driver can be shown what servers say only in bad moments.
 */
export class ScriptedMongo {
  /** Every command that came, in order, but for the driver's own (hello, ping, endSessions). */
  readonly commands: Document[] = [];
  readonly collections: Collections = new Map();
  /** Fields of the answer to `hello` that are others, or absent (undefined). */
  hello: Document = {};
  script: Script = () => undefined;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private port = 0,
  ) {
    server.on('connection', (socket) => this.#accept(socket));
  }

  static async start(): Promise<ScriptedMongo> {
    const server = createServer();
    const mongo = new ScriptedMongo(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('it has no port');
    mongo.port = address.port;
    return mongo;
  }

  /** The driver looks again soon after an error that tells of another primary. */
  get uri(): string {
    return `mongodb://127.0.0.1:${this.port}/?replicaSet=rs0&minHeartbeatFrequencyMS=5`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  /** The next `times` commands of this name are answered so; the others ordinarily. */
  next(name: string, script: Script | ScriptedAnswer, times = 1): void {
    let left = times;
    this.script = (command, ordinary) => {
      if (nameOf(command) !== name || left === 0) return undefined;
      left -= 1;
      return typeof script === 'function' ? script(command, ordinary) : script;
    };
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    let waiting = Buffer.alloc(0);
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      while (waiting.length >= HEADER && waiting.length >= waiting.readInt32LE(0)) {
        const size = waiting.readInt32LE(0);
        this.#message(socket, waiting.subarray(0, size));
        waiting = waiting.subarray(size);
      }
    });
  }

  #message(socket: Socket, message: Buffer): void {
    const requestId = message.readInt32LE(4);
    const opCode = message.readInt32LE(12);
    const command = opCode === OP_QUERY ? readQuery(message) : readMsg(message);
    const answer = this.#answer(command);
    if (answer === 'cut') socket.destroy();
    else socket.write(opCode === OP_QUERY ? replyOf(requestId, answer) : msgOf(requestId, answer));
  }

  #answer(command: Document): ScriptedAnswer {
    if ('hello' in command || 'ismaster' in command || 'isMaster' in command) {
      return this.script(command, () => this.#hello()) ?? this.#hello();
    }
    if ('endSessions' in command) return { ok: 1 };
    if (!('ping' in command)) this.commands.push(command);
    const ordinary = () => answerOrdinarily(this.collections, command);
    return this.script(command, ordinary) ?? ordinary();
  }

  #hello(): Document {
    const me = `127.0.0.1:${this.port}`;
    const fields = {
      ...{
        helloOk: true,
        isWritablePrimary: true,
        ismaster: true,
        setName: 'rs0',
        hosts: [me],
        me,
        primary: me,
      },
      ...{ maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 },
      ...{ localTime: new Date(), minWireVersion: 0, maxWireVersion: 21, readOnly: false, ok: 1 },
      ...this.hello,
    };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  }
}

/** Its first field: that of `findAndModify` has a field `update`. */
export function nameOf(command: Document): string | undefined {
  return Object.keys(command)[0];
}

/** Flags, then sections: kind 0 is the command, kind 1 an array of it that is sent apart. */
function readMsg(message: Buffer): Document {
  let command: Document = {};
  for (let at = HEADER + 4; at < message.length; ) {
    const kind = message[at];
    const size = message.readInt32LE(at + 1);
    const section = message.subarray(at + 1, at + 1 + size);
    if (kind === 0) command = { ...BSON.deserialize(section), ...command };
    else command = { ...command, ...readSequence(section) };
    at += 1 + size;
  }
  return command;
}

function readSequence(section: Buffer): Document {
  const end = section.indexOf(0, 4);
  const name = section.toString('utf8', 4, end);
  const documents: Document[] = [];
  for (let at = end + 1; at < section.length; at += section.readInt32LE(at)) {
    documents.push(BSON.deserialize(section.subarray(at, at + section.readInt32LE(at))));
  }
  return { [name]: documents };
}

/** The handshake comes in the old form: flags, the collection's name, two numbers, the command. */
function readQuery(message: Buffer): Document {
  const end = message.indexOf(0, HEADER + 4);
  return BSON.deserialize(message.subarray(end + 1 + 8));
}

function msgOf(requestId: number, answer: Document): Buffer {
  const body = Buffer.concat([Buffer.alloc(5), BSON.serialize(answer)]);
  return withHeader(requestId, OP_MSG, body);
}

function replyOf(requestId: number, answer: Document): Buffer {
  const numbers = Buffer.alloc(20);
  numbers.writeInt32LE(1, 16);
  return withHeader(requestId, OP_REPLY, Buffer.concat([numbers, BSON.serialize(answer)]));
}

function withHeader(responseTo: number, opCode: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + body.length, 0);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, body]);
}

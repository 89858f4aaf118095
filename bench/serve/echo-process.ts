import type { MethodDefinition, ServerDuplexStream, sendUnaryData, UntypedHandleCall } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { echoAnswers } from './echo-answers.js';

/**
 * The limit: grpc-js that does nothing. It answers the methods of the cycle with bytes made beforehand, and sends the messages
 * of a stream back as they came. In a process of its own: `echo.ts granted|denied`; prints its address.
 */
const ECHO_STREAM = '/bench.Echo/Stream';

const asIs = (bytes: Buffer) => bytes;

function ofBytes(path: string, stream: boolean): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: stream,
    responseStream: stream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function main(): void {
  const answers = echoAnswers(process.argv[2] === 'denied' ? 'denied' : 'granted');
  // As the service sets it: the limit must not be slowed by books that nobody reads.
  const server = new Server({ 'grpc.enable_channelz': 0 });
  const definitions: Record<string, MethodDefinition<Buffer, Buffer>> = {
    [ECHO_STREAM]: ofBytes(ECHO_STREAM, true),
  };
  const handlers: Record<string, UntypedHandleCall> = { [ECHO_STREAM]: echoStream };
  for (const [path, answer] of answers) {
    definitions[path] = ofBytes(path, false);
    handlers[path] = (_call: unknown, answered: sendUnaryData<Buffer>) => answered(null, answer);
  }
  server.addService(definitions, handlers);
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(JSON.stringify({ grpc: `127.0.0.1:${port}` }));
  });
}

function echoStream(call: ServerDuplexStream<Buffer, Buffer>): void {
  call.on('data', (bytes: Buffer) => void call.write(bytes));
  call.on('end', () => call.end());
  call.on('error', () => {});
}

main();

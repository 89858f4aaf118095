import { connect } from 'node:net';

const PATIENCE_MS = 150;

/** Sends bytes, listens for a moment, and goes. Resolves to what came back. */
export function sendBytes(address: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(`http://${address}`);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    const leave = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(leave);
      resolve(answer);
    });
    socket.write(bytes);
  });
}

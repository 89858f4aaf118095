import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';

/** Exits 0 when the service in this container is ready. Needs nothing but Node. */
const port = (process.env.HTTP_ADDRESS ?? '').split(':').at(-1) || '8080';

/** Whether CONFIG_FILE asks for TLS is not known here. The certificate need not name this machine: nothing is told to it. */
function ask(get, protocol) {
  return new Promise((resolve, reject) => {
    const url = `${protocol}://127.0.0.1:${port}/readyz`;
    const request = get(url, { timeout: 2_000, rejectUnauthorized: false }, async (answer) => {
      const text = (await answer.setEncoding('utf8').toArray()).join('');
      resolve({ status: answer.statusCode, text });
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', reject);
  });
}

try {
  const { status, text } = await ask(getPlain, 'http').catch(() => ask(getSecure, 'https'));
  console.log(`${status} ${text}`);
  process.exitCode = status === 200 ? 0 : 1;
} catch (error) {
  console.error(`not reachable on port ${port}: ${error.message}`);
  process.exitCode = 1;
}

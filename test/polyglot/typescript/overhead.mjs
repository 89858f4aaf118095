/**
 * What a slot costs a caller in time, beside a bare unary call of gRPC in the same run: prints the median of each, in microseconds. The service
 * is at BUDGET_ARBITER_ADDRESS; the echo is a process of its own.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { BudgetClient } from '@budget-arbiter/client';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';

const CALLS = 1_000;
const WARM = 200;
const same = (bytes) => bytes;
const echo = {
  path: '/echo/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

if (process.argv[2] === 'echo') {
  const server = new Server();
  server.addService({ echo }, { echo: ({ request }, answer) => answer(null, request) });
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, port) => process.send(port));
} else await measure();

async function measure() {
  const server = fork(process.argv[1], ['echo']);
  const [port] = await once(server, 'message');
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const bytes = Buffer.alloc(100);
  const call = () =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(echo.path, same, same, bytes, (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
  const budget = BudgetClient.fromEnv();
  const slot = () => budget.withSlot({ estimate: 1 }, (held) => held.report({ total: 1 }));
  const [echoUs, slotUs] = [await median(call), await median(slot)];
  console.log(JSON.stringify({ event: 'overhead', slot_p50_us: slotUs, echo_p50_us: echoUs }));
  await budget.close();
  client.close();
  server.kill();
}

async function median(call) {
  const times = [];
  for (let n = 0; n < WARM + CALLS; n += 1) {
    const begunAt = performance.now();
    await call();
    times.push(performance.now() - begunAt);
  }
  const sorted = times.slice(WARM).sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] * 1_000);
}

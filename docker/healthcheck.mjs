/** Exits 0 when the service in this container is ready. Needs nothing but Node. */
const port = (process.env.HTTP_ADDRESS ?? '').split(':').at(-1) || '8080';

try {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(4_000) });
  console.log(`${answer.status} ${await answer.text()}`);
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.error(`not reachable on port ${port}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}

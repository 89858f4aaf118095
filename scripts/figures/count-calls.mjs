import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';

/** Preloaded into the service: SIGUSR2 begins to count what runs, and the next one writes down which functions did. */
const to = process.env.COVERAGE_TO;
let session;
process.on('SIGUSR2', () => {
  if (session === undefined) {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    writeFileSync(`${to}.begun`, '');
    return;
  }
  session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
    const ran = result
      .filter(({ url }) => url.includes('/dist/') && !url.includes('/node_modules/'))
      .map(({ url, functions }) => ({
        file: url.slice(url.indexOf('/dist/') + 6),
        functions: functions.filter(({ functionName, ranges }) => functionName !== '' && ranges[0].count > 0)
          .length,
      }))
      .filter(({ functions }) => functions > 0);
    writeFileSync(to, JSON.stringify(ran));
  });
  session.disconnect();
  session = undefined;
});

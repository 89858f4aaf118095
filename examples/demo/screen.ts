import { type Scene, windowName } from './scene.js';
import { AIS } from './trace.js';

const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const bold = (text: string) => `\u001b[1m${text}\u001b[0m`;
const dim = (text: string) => `\u001b[2m${text}\u001b[0m`;

/** Draws the scene over the one before it: slots, denials, bars, events. */
export function draw(scene: Scene, secondsLeft: number, columns: number): string {
  const lines = [
    bold(`budget arbiter: four AIs, one allowance`) + dim(`   ${Math.max(0, secondsLeft).toFixed(0)} s left`),
    '',
    bold('slots'),
    ...slots(scene),
    '',
    bold('tokens'),
    ...scene.windows.map((window) => bar(window, columns)),
    '',
    `${bold('denied by')}  ${denials(scene, columns - 12)}`,
    '',
    bold('spent') +
      `      ${AIS.map((ai) => `${ai} ${(scene.charged.get(ai) ?? 0).toLocaleString('en-US')}`).join('   ')}`,
    '',
    ...scene.events.map((event) => dim(event.slice(0, columns))),
  ];
  return HOME + lines.map((line) => line + CLEAR_LINE).join('\n') + CLEAR_BELOW;
}

function slots(scene: Scene): string[] {
  const held = [...scene.slots.values()].map((lease) => {
    const secondsLeft = Math.max(0, (lease.expiresAt - Date.now()) / 1_000).toFixed(1);
    return `  ${lease.aiId.padEnd(10)} ${lease.tokens.toLocaleString('en-US').padStart(7)} tokens, ends in ${secondsLeft} s`;
  });
  return [...held, dim('  free'), dim('  free')].slice(0, 2);
}

/** `#` spent, `=` reserved, `.` left. */
function bar(window: Scene['windows'][number], columns: number): string {
  const { capTokens, spentTokens, reservedTokens } = window;
  const width = Math.max(10, columns - 50);
  const cells = (tokens: number) => Math.min(width, Math.round((tokens / Math.max(1, capTokens)) * width));
  const spent = cells(spentTokens);
  const held = Math.min(width - spent, cells(reservedTokens));
  const figures = `${spentTokens.toLocaleString('en-US')} + ${reservedTokens.toLocaleString('en-US')} of ${capTokens.toLocaleString('en-US')}`;
  return `  ${windowName(window).padEnd(6)}[${'#'.repeat(spent)}${'='.repeat(held)}${'.'.repeat(width - spent - held)}] ${figures}`;
}

function denials({ denials: counts }: Scene, columns: number): string {
  const all = [...counts].sort(([, a], [, b]) => b - a).map(([rule, count]) => `${rule} ${count}`);
  return (all.length === 0 ? 'nothing yet' : all.join('   ')).slice(0, columns);
}

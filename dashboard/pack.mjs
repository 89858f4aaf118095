import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The last step of the build: what needs no compiler beside what does, and all of it without what browsers do not read: indentation,
 * and ends of lines after what opens or goes on.
 */
const TO = 'dist/pages/dashboard';
cpSync('dashboard/static', TO, { recursive: true });
for (const name of readdirSync(TO)) {
  if (!/\.(js|css|html|svg)$/.test(name)) continue;
  const text = readFileSync(join(TO, name), 'utf8');
  // Within a text of several lines, spaces count.
  const hasLongText = text.split('\n').some((line) => (line.match(/`/g) ?? []).length % 2 === 1);
  if (!hasLongText) writeFileSync(join(TO, name), text.replace(/^[ \t]+/gm, '').replace(/([{([,])\n/g, '$1'));
}

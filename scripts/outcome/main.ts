import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand, optionsOf, typed } from '../npm-command.js';
import { chart } from './chart.js';
import { AZURE, OFFICE, saturating, TAXIS } from './demand.js';
import { document } from './document.js';
import { type Row, rowOf } from './figures.js';

/** `npm run outcome`: what the rules make of a month, from the product itself, into docs/outcome.md and its chart. */

optionsOf(
  npmCommand(
    'outcome',
    'What the rules make of a month, from the service itself: writes docs/outcome.md and docs/outcome.svg.',
  ),
  typed(),
);

const DOCS = join(import.meta.dirname, '../../docs');
const FACTORS = [0.8, 1, 1.5, 3];
/** More than any hour admits. */
const SATURATING = saturating(1_000);

const rows: Row[] = [];
for (const kind of [AZURE, TAXIS, OFFICE]) for (const factor of FACTORS) rows.push(await rowOf(kind, factor));
const full = await rowOf(SATURATING);
const text = document([...rows, full]);
const shown = (['NONE', 'FLOOR', 'EVEN'] as const).flatMap((rule) =>
  (full.months.get(rule) ?? []).map((month) => ({ rule, ...month })),
);
writeFileSync(join(DOCS, 'outcome.md'), text);
writeFileSync(join(DOCS, 'outcome.svg'), chart(shown));
process.stdout.write(text);

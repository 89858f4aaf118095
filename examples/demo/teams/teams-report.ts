import { amount, paint, paintAi } from '../text.js';
import { AI_IDS, type AiId } from '../trace.js';
import { type AiLine, PARTS } from './ai-line.js';
import { GUARDED, type Scene } from './teams-policy.js';

/** Of one budget, by AI. */
export type Lines = ReadonlyMap<AiId, AiLine>;

const NAME = 11;

/** The lines of all AIs, the two budgets beside each other. `kept`: the guarantee made the difference. */
export function teamsReport(
  scenes: readonly Scene[],
  played: readonly Lines[],
): { readonly lines: readonly string[]; readonly kept: boolean } {
  const row = (name: string, cells: readonly string[]) =>
    `   ${name}${cells.map((cell) => cell.padEnd(PARTS + 3)).join('')}`.trimEnd();
  const [guaranteed, unguarded] = played.map((lines) => lines.get(GUARDED)?.refused ?? 0);
  const rows = AI_IDS.flatMap((aiId) => {
    const lines = played.flatMap((of) => of.get(aiId) ?? []);
    return [
      row(
        paintAi(aiId, NAME),
        lines.map(({ cells }) => cells),
      ),
      row(
        ''.padEnd(NAME),
        lines.map((line) => `${amount(line.tokens)} tokens, ${refusals(line)}`),
      ),
    ];
  });
  const kept = guaranteed === 0 && (unguarded ?? 0) > 0;
  const verdict = kept
    ? paint(`${GUARDED} was never refused because of others where it has its guarantee`, 'green', 'bold')
    : paint(`THE GUARANTEE MADE NO DIFFERENCE: ${guaranteed} and ${unguarded} refusals`, 'red', 'bold');
  const titles = row(
    ''.padEnd(NAME),
    scenes.map(({ title }) => title),
  );
  return { lines: ['', titles, ...rows, '', ...why(scenes, played), '', verdict], kept };
}

function refusals({ refused }: AiLine): string {
  return refused === 0 ? 'never refused' : `${amount(refused)} refused`;
}

function why(scenes: readonly Scene[], played: readonly Lines[]): string[] {
  return played.flatMap((lines, at) => {
    const rules = [...(lines.get(GUARDED)?.rules ?? [])].map(([rule, count]) => `${rule} ${amount(count)}`);
    return rules.length === 0
      ? []
      : [`   ${scenes[at]?.title}, ${GUARDED} is refused by ${rules.join(', ')}`];
  });
}

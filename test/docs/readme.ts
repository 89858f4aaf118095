import { readFileSync } from 'node:fs';

/** Commands of the README, with the answers that it shows under them. */
export interface TourStep {
  readonly commands: string;
  readonly shown: readonly Shown[];
  /** The line of the README, for messages. */
  readonly line: number;
}

export type Shown =
  | { readonly language: 'json'; readonly value: unknown }
  | { readonly language: 'text'; readonly text: string };

export const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The commands of a section, in order. */
export function stepsOf(markdown: string, heading: string): TourStep[] {
  const { start, text: section } = sectionOf(markdown, heading);
  const steps: TourStep[] = [];
  for (const { 1: language, 2: text = '', index } of section.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)) {
    const line = markdown.slice(0, start + index).split('\n').length;
    const last = steps.at(-1);
    if (language === 'sh') steps.push({ commands: text, shown: [], line });
    else if (last === undefined) throw new Error(`README line ${line}: an answer without a command`);
    else steps[steps.length - 1] = { ...last, shown: [...last.shown, shownAs(language, text, line)] };
  }
  return steps;
}

/** Rows of the tables of a section: the cells of each, without the head. */
export function tableOf(markdown: string, heading: string): string[][] {
  return sectionOf(markdown, heading)
    .text.split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function shownAs(language: string | undefined, text: string, line: number): Shown {
  if (language === 'text') return { language, text };
  if (language === 'json') return { language, value: JSON.parse(text) as unknown };
  throw new Error(`README line ${line}: a block of the tour is sh, json or text, not "${language}"`);
}

function sectionOf(markdown: string, heading: string): { start: number; text: string } {
  const start = markdown.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`the README has no section "${heading}"`);
  const end = markdown.indexOf('\n## ', start + 1);
  return { start, text: markdown.slice(start, end < 0 ? undefined : end) };
}

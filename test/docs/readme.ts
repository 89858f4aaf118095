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
  const { start, text } = sectionOf(markdown, heading);
  return stepsIn(text, markdown.slice(0, start).split('\n').length - 1);
}

/** The commands of a whole document; blocks in other languages, such as `yaml`, are not for a shell. */
export function stepsIn(markdown: string, linesBefore = 0, others: readonly string[] = []): TourStep[] {
  const steps: TourStep[] = [];
  for (const { 1: indent = '', 2: language = '', 3: block = '', index } of markdown.matchAll(BLOCK)) {
    const line = linesBefore + markdown.slice(0, index).split('\n').length;
    const text = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const last = steps.at(-1);
    if (others.includes(language)) continue;
    if (language === 'sh') steps.push({ commands: text, shown: [], line });
    else if (last === undefined) throw new Error(`line ${line}: an answer without a command`);
    else steps[steps.length - 1] = { ...last, shown: [...last.shown, shownAs(language, text, line)] };
  }
  return steps;
}

const BLOCK = /^( *)```(.*)\n([\s\S]*?)^ *```$/gm;

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

import { readFileSync } from 'node:fs';

/** A command of the README, with the answer that the README shows under it. */
export interface TourStep {
  readonly commands: string;
  readonly expected?: unknown;
  /** The line of the README, for messages. */
  readonly line: number;
}

export const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The commands of a section, in order. */
export function stepsOf(markdown: string, heading: string): TourStep[] {
  const start = markdown.indexOf(`## ${heading}`);
  const end = markdown.indexOf('\n## ', start + 1);
  const section = markdown.slice(start, end);
  const steps: TourStep[] = [];
  for (const { 1: language, 2: text = '', index } of section.matchAll(/```(sh|json)\n([\s\S]*?)```/g)) {
    const line = markdown.slice(0, start + index).split('\n').length;
    const last = steps[steps.length - 1];
    if (language === 'sh') steps.push({ commands: text, line });
    else if (last !== undefined) steps[steps.length - 1] = { ...last, expected: JSON.parse(text) };
  }
  return steps;
}

/** Rows of the table under a heading: the cells of each. */
export function tableOf(markdown: string, heading: string): string[][] {
  const start = markdown.indexOf(`## ${heading}`);
  const end = markdown.indexOf('\n## ', start + 1);
  return markdown
    .slice(start, end)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The JSON values that a command printed, one after the other. */
export function jsonValues(output: string): unknown[] {
  const values: unknown[] = [];
  let depth = 0;
  let from = -1;
  for (let at = 0; at < output.length; at += 1) {
    if (output[at] === '{' && depth++ === 0) from = at;
    if (output[at] === '}' && --depth === 0) values.push(JSON.parse(output.slice(from, at + 1)));
  }
  return values;
}

/** Where `actual` lacks what `expected` shows; `…` stands for anything. Empty: it has it all. */
export function missing(expected: unknown, actual: unknown, path = ''): string[] {
  if (expected === '…') return actual === undefined ? [`${path} is not there`] : [];
  if (typeof expected !== 'object' || expected === null) {
    return expected === actual
      ? []
      : [`${path} is ${JSON.stringify(actual)}, the README says ${JSON.stringify(expected)}`];
  }
  if (Array.isArray(expected) && (!Array.isArray(actual) || actual.length !== expected.length)) {
    return [`${path} is ${JSON.stringify(actual)}, the README shows ${expected.length} entries`];
  }
  return Object.entries(expected).flatMap(([key, value]) =>
    missing(value, (actual as Record<string, unknown> | undefined)?.[key], `${path}.${key}`),
  );
}

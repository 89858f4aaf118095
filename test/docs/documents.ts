/** Commands of a document, with the answers that it shows under them. */
export interface DocumentStep {
  readonly commands: string;
  readonly shown: readonly Shown[];
  /** The line of the document, for messages. */
  readonly line: number;
}

export type Shown =
  | { readonly language: 'json'; readonly value: unknown }
  | { readonly language: 'text'; readonly text: string };

/** The commands of a whole document; blocks in other languages, such as `yaml`, are not for a shell. */
export function stepsIn(markdown: string, others: readonly string[] = []): DocumentStep[] {
  const steps: DocumentStep[] = [];
  for (const { 1: indent = '', 2: language = '', 3: block = '', index } of markdown.matchAll(BLOCK)) {
    const line = markdown.slice(0, index).split('\n').length;
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

/** Rows of the first table: the cells of each, without the head. */
export function firstTableOf(markdown: string): string[][] {
  const [table = ''] = /^\|(?:.*\n\|)*.*$/m.exec(markdown) ?? [];
  return table
    .split('\n')
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
  throw new Error(`line ${line}: a block that is run is sh, json or text, not "${language}"`);
}

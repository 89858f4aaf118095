import { differences, isText, jsonObjects } from './compare.js';
import type { DocumentStep, Shown } from './documents.js';
import type { Ran } from './shell.js';

/** Where what was printed differs from what the document shows. */
export function problems({ commands, shown }: DocumentStep, { output, code }: Ran): string[] {
  const failing = shown.some((block) => block.language === 'text' && block.text.startsWith('ERROR:'));
  const ended = (code !== 0) === failing ? [] : [`ended with ${code}`];
  const texts = shown.flatMap((block) => (block.language === 'text' ? [block.text] : []));
  const answers = shown.filter((block) => block.language === 'json');
  return [
    ...ended,
    ...texts.filter((text) => !isText(text, output)).map((text) => `not printed:\n${text}`),
    ...(answers.length === 0 ? [] : answerProblems(answers, jsonObjects(output), commands)),
  ];
}

/** Each answer in its place; of a stream, the document shows one message. */
function answerProblems(
  shown: readonly (Shown & { language: 'json' })[],
  printed: unknown[],
  commands: string,
): string[] {
  if (commands.includes('-max-time')) {
    const [message] = shown;
    const found = printed.some((each) => differences(message?.value, each).length === 0);
    return found ? [] : ['no message of the stream is the one that is shown'];
  }
  if (shown.length !== printed.length) return [`${printed.length} answers, not ${shown.length}`];
  return shown.flatMap(({ value }, index) => differences(value, printed[index], `$${index + 1}`));
}

import { readFileSync } from 'node:fs';
import { type DocumentStep, stepsIn } from '../../docs/documents.js';

/** What a page of `docs/stubs` has its reader do, in order. A file that it shows under its name is written. */
export function stepsOfStubPage(language: string): DocumentStep[] {
  const page = readFileSync(new URL(`../../../docs/stubs/${language}.md`, import.meta.url), 'utf8');
  return stepsIn(page.replaceAll(NAMED_FILE, writing));
}

const NAMED_FILE = /^`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)^```$/gm;

/** As many lines as the file has on the page, so that later steps keep the numbers of theirs. */
function writing(_: string, file: string, content: string): string {
  return `\`\`\`sh\nmkdir -p "$(dirname '${file}')" && cat >'${file}' <<'END OF FILE'\n${content}END OF FILE\n\`\`\``;
}

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const CHART = fileURLToPath(new URL('../../docs/performance.svg', import.meta.url));
const BEGIN = '<!-- what npm run bench printed, unedited: npm run bench -- --docs writes it anew -->';
const END = '<!-- until here -->';

/** Puts what was printed into the page, and the chart beside it. */
export async function writeDocs(command: string, printed: string, svg: string | undefined): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  await writeFile(PAGE, withOutput(page, command, printed));
  if (svg !== undefined) await writeFile(CHART, svg);
}

export function withOutput(page: string, command: string, printed: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`docs/performance.md has lost its marks: ${BEGIN} and ${END}`);
  const block = `${BEGIN}\n\n\`\`\`sh\n${command}\n\`\`\`\n\n${printed.trim()}\n\n`;
  return page.slice(0, begin) + block + page.slice(end);
}

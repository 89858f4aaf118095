import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const CHART = fileURLToPath(new URL('../../docs/performance.svg', import.meta.url));
const END = '<!-- until here -->';

/** Where a version of Node has its block in the page, which begins with this. */
function beginOf(node: number): string {
  return `<!-- what npm run bench printed on Node ${node}, unedited: npm run bench -- --docs writes it anew -->`;
}

/** The version of Node whose chart the page shows. */
const CHARTED = 20;

/** Puts what was printed into the page, in the block of this version of Node, and the chart beside it. */
export async function writeDocs(command: string, printed: string, svg: string | undefined): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const node = Number.parseInt(process.versions.node, 10);
  await writeFile(PAGE, withOutput(page, node, command, printed));
  if (svg !== undefined && node === CHARTED) await writeFile(CHART, svg);
}

export function withOutput(page: string, node: number, command: string, printed: string): string {
  const mark = beginOf(node);
  const begin = page.indexOf(mark);
  const end = page.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`docs/performance.md has no block that begins with ${mark}`);
  const block = `${mark}\n\n\`\`\`sh\n${command}\n\`\`\`\n\n${printed.trim()}\n\n`;
  return page.slice(0, begin) + block + page.slice(end);
}

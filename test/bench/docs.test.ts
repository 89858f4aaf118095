import { expect, it } from 'vitest';
import { withOutput } from '../../bench/report/docs.js';

const begin = (node: number) =>
  `<!-- what npm run bench printed on Node ${node}, unedited: npm run bench -- --docs writes it anew -->`;
const END = '<!-- until here -->';
const PAGE = `before\n${begin(20)}\n\nold\n\n${END}\nbetween\n${begin(24)}\n\nolder\n\n${END}\nafter\n`;

it('puts what was printed into the block of its version of Node, and only there', () => {
  const page = withOutput(PAGE, 24, 'npm run bench', '| a |\n');
  const block = `${begin(24)}\n\n\`\`\`sh\nnpm run bench\n\`\`\`\n\n| a |\n\n${END}`;
  expect(page).toBe(`before\n${begin(20)}\n\nold\n\n${END}\nbetween\n${block}\nafter\n`);
  expect(withOutput(page, 24, 'npm run bench', '| a |\n')).toBe(page);
  expect(withOutput(page, 20, 'npm run bench', '| b |')).toContain(`${block}\nafter`);
  expect(() => withOutput(PAGE, 22, 'npm run bench', '')).toThrow(`no block that begins with ${begin(22)}`);
});

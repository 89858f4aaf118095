import { expect, it } from 'vitest';
import { withOutput } from '../../bench/report/docs.js';

const BEGIN = '<!-- what npm run bench printed, unedited: npm run bench -- --docs writes it anew -->';
const PAGE = `before\n${BEGIN}\n\nold\n\n<!-- until here -->\nafter\n`;

it('puts what was printed between the marks of the page, and only there', () => {
  const page = withOutput(PAGE, 'npm run bench', '| a |\n');
  expect(page).toBe(
    `before\n${BEGIN}\n\n\`\`\`sh\nnpm run bench\n\`\`\`\n\n| a |\n\n<!-- until here -->\nafter\n`,
  );
  expect(withOutput(page, 'npm run bench', '| a |\n')).toBe(page);
  expect(() => withOutput('no marks', 'npm run bench', '')).toThrow('has lost its marks');
});

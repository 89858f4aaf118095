import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { circlesOf, importsOf } from './figures/structure.js';

/** What Biome cannot say: each thing that only one file may do, how long a file may be, and that no two import each other. */
interface Rule {
  /** What the code must not contain, comments aside. */
  readonly pattern: RegExp;
  /** The one file that may, or the folder whose files may. */
  readonly except: string;
  readonly message: string;
}

const RULES: readonly Rule[] = [
  {
    pattern:
      /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.|\bhrtime\b|\bTemporal\.Now\b|perf_hooks/g,
    except: 'src/platform/clock.ts',
    message: 'only src/platform/clock.ts reads time',
  },
  {
    pattern: /\bprocess\s*\.\s*env\b|\bprocess\[|from 'node:process'/g,
    except: 'src/config.ts',
    message: 'only src/config.ts reads the environment',
  },
  {
    pattern: /import\s+\{[^}]*\bstatus\b[^}]*\}\s*from '@grpc\/grpc-js'|\bgrpc\.status\b|\bcode:\s*\d/gi,
    except: 'src/grpc/status.ts',
    message: 'only src/grpc/status.ts picks status codes',
  },
  {
    pattern: /'prom-client'/g,
    except: 'src/metrics/exposition.ts',
    message: 'only src/metrics/exposition.ts knows the metrics library; report to an observer',
  },
  {
    pattern: /'@opentelemetry\/(?!api')/g,
    except: 'src/platform/otlp-traces.ts',
    message: 'only src/platform/otlp-traces.ts loads the OpenTelemetry SDK; the rest uses its API',
  },
  {
    pattern: /\\d\{[01],1[3-6]\}/g,
    except: 'src/domain/fence.ts',
    message: 'only src/domain/fence.ts says how many digits a fence has: use FENCE_PATTERN',
  },
  {
    pattern: /(?<![\w.])fetch\(|\bAbortSignal\s*\.\s*(?:timeout|any)\b|'undici'/g,
    except: 'src/platform/exchange.ts',
    message:
      'only src/platform/exchange.ts asks others over HTTP, bounded; a signal that nothing holds never fires',
  },
];
/** A file is one concept, however long; one of this length is surely more. */
const MAX_LINES = 600;

/** Without comments, but with every line where it was. */
function code(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*$/gm, blank);
}

function brokenRules(file: string): string[] {
  const text = code(readFileSync(file, 'utf8'));
  return RULES.filter((rule) => !file.startsWith(rule.except)).flatMap(({ pattern, message }) =>
    Array.from(text.matchAll(pattern), ({ index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${file}:${line}: ${message}`;
    }),
  );
}

function tooLong(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').length;
  return lines > MAX_LINES ? [`${file}: ${lines} lines; ${MAX_LINES} is the most`] : [];
}

/** Every file of the working tree that git would take, in order; generated ones aside. */
const all = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /^(src|dashboard|test|bench|examples|scripts)\/.*\.(ts|mjs|js|py|go|java)$/.test(file))
  .filter((file) => !file.includes('/gen/') && existsSync(file));
const sources = all.filter((file) => file.startsWith('src/'));

const handwritten = sources.filter((file) => file.endsWith('.ts'));
const circles = circlesOf(importsOf(handwritten)).map(
  (files) => `${files.join(', ')}: they import each other, types included; move what they share`,
);

const problems = [...sources.flatMap(brokenRules), ...all.flatMap(tooLong), ...circles];
for (const problem of problems) console.error(problem);
console.log(`architecture: ${all.length} files, ${problems.length} problems`);
if (problems.length > 0) process.exitCode = 1;

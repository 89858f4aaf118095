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
    except: 'src/config/environment.ts',
    message: 'only src/config/environment.ts reads the environment',
  },
  {
    pattern: /import\s+\{[^}]*\bstatus\b[^}]*\}\s*from '@grpc\/grpc-js'|\bgrpc\.status\b|\bcode:\s*\d/gi,
    except: 'src/api/failures/status.ts',
    message: 'only src/api/failures/status.ts picks status codes',
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
    except: 'src/domain/model/lease-id.ts',
    message: 'only src/domain/model/lease-id.ts says how many digits a fence has: use FENCE_PATTERN',
  },
  {
    pattern: /(?<![\w.])fetch\(|\bAbortSignal\s*\.\s*(?:timeout|any)\b|'undici'/g,
    except: 'src/platform/exchange.ts',
    message:
      'only src/platform/exchange.ts asks others over HTTP, bounded; a signal that nothing holds never fires',
  },
];
/**
 * What each folder of the sources may import of the others: a folder, or one file of it where layers meet. `main.ts`, `app` and
 * `cli` put the rest together; nothing imports the ways in but them.
 */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  platform: [],
  store: ['domain', 'platform'],
  arbiter: ['domain', 'platform', 'store/store.ts'],
  access: ['arbiter/service-port.ts', 'domain', 'platform'],
  alerts: ['arbiter/alert-dispatcher.ts', 'domain', 'platform'],
  api: ['arbiter/service-port.ts', 'access', 'domain', 'platform', 'gen', 'replay'],
  grpc: ['api', 'arbiter/service-port.ts', 'access', 'domain', 'platform', 'gen'],
  http: ['api', 'arbiter/service-port.ts', 'access', 'domain', 'platform', 'gen/openapi.ts'],
  metrics: ['api', 'arbiter', 'config/metrics-file.ts', 'domain', 'platform', 'store'],
  transfer: ['domain', 'platform', 'store'],
  replay: [
    'arbiter/observer.ts',
    'arbiter/paced-refusals.ts',
    'arbiter/pending.ts',
    'arbiter/prospect.ts',
    'arbiter/service-port.ts',
    'arbiter/waiting-list.ts',
    'domain',
    'platform',
    'store',
    'store/memory',
  ],
  config: ['access/access-settings.ts', 'alerts/sink-settings.ts', 'domain', 'platform'],
  cli: [
    'access',
    'alerts',
    'api/codec/descriptors.ts',
    'api/codec/json-of-bytes.ts',
    'api/read/checks.ts',
    'api/read/policy.ts',
    'api/write/policy-message.ts',
    'config',
    'domain',
    'gen',
    'platform',
    'replay',
    'store',
    'transfer',
  ],
  app: ['access', 'alerts', 'arbiter', 'config', 'domain', 'metrics', 'platform', 'replay', 'store'],
  'bin.ts': ['cli', 'main.ts', 'platform'],
};
/** Packages that only a part of the sources may import; a folder of a store is open to `app` and `cli` alone, and the one in memory to `replay`. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  mongodb: ['src/store/mongo/'],
  lmdb: ['src/store/lmdb/'],
  msgpackr: ['src/store/lmdb/'],
  'fs-native-extensions': ['src/store/lmdb/'],
  'temporal-polyfill': ['src/domain/'],
  '@grpc/grpc-js': ['src/api/', 'src/grpc/', 'src/cli/'],
  commander: ['src/cli/'],
};
/** The domain is pure: a hash is a function. */
const PURE = 'src/domain/';
const PURE_MAY = ['node:crypto'];

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

function brokenLayers([file, targets]: readonly [string, ReadonlySet<string>]): string[] {
  const [, folder = ''] = file.split('/');
  const allowed = LAYERS[folder];
  const within = [...targets].filter((target) => {
    const [, place = '', part = ''] = target.split('/');
    if (place === folder) return isBesideAStore(file, target);
    const inAStore = place === 'store' && !part.endsWith('.ts');
    if (inAStore && !['app', 'cli'].includes(folder) && !allowed?.includes(`store/${part}`)) return true;
    return allowed !== undefined && !allowed.some((one) => one === place || target === `src/${one}`);
  });
  return within.map((target) => `${file}: must not import ${target}; see LAYERS in this check`);
}

/** One store knows nothing of another. */
function isBesideAStore(file: string, target: string): boolean {
  const [from, to] = [file, target].map((path) => /^src\/store\/(\w+)\//.exec(path)?.[1]);
  return from !== undefined && to !== undefined && from !== to;
}

function brokenPackages(file: string): string[] {
  const names = Array.from(
    code(readFileSync(file, 'utf8')).matchAll(/(?:\bfrom\s*|\bimport\(\s*)'([^.'][^']*)'/g),
    ([, name = '']) => name,
  );
  return names
    .filter((name) => {
      const only = Object.entries(PACKAGES).find(([known]) => name === known || name.startsWith(`${known}/`));
      if (only !== undefined) return !only[1].some((folder) => file.startsWith(folder));
      return file.startsWith(PURE) && !PURE_MAY.includes(name);
    })
    .map((name) => `${file}: must not import ${name}; see PACKAGES in this check`);
}

/** Every file of the working tree that git would take, in order. */
const present = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) =>
    /^(src|dashboard|clients|test|bench|examples|scripts)\/.*\.(ts|mjs|js|py|go|java)$/.test(file),
  )
  .filter((file) => existsSync(file));
const all = present.filter((file) => !/\/_?gen\/|\.pb\.go$/.test(file));
const sources = all.filter((file) => file.startsWith('src/') && file.endsWith('.ts'));
const generated = present.filter((file) => file.startsWith('src/gen/'));

const ofClients = all.filter((file) => /^clients\/[^/]+\/src\/.*\.ts$/.test(file));

const circles = circlesOf(importsOf([...sources, ...ofClients])).map(
  (files) => `${files.join(', ')}: they import each other, types included; move what they share`,
);

const problems = [
  ...sources.flatMap(brokenRules),
  ...sources.flatMap(brokenPackages),
  ...[...importsOf(sources, generated)].flatMap(brokenLayers),
  ...all.flatMap(tooLong),
  ...circles,
];
for (const problem of problems) console.error(problem);
console.log(`architecture: ${all.length} files, ${problems.length} problems`);
if (problems.length > 0) process.exitCode = 1;

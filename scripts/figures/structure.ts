import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the sources are made of, by their own text. */
export interface Structure {
  readonly files: number;
  readonly medianLines: number;
  readonly largest: string;
  readonly sourceLines: number;
  readonly testLines: number;
  /** Files that one other file of the sources imports, types included. */
  readonly withOneImporter: number;
  /** Groups of files that import each other, types included. */
  readonly circles: readonly (readonly string[])[];
}

const IMPORT = /(?:\bfrom\s*|\bimport\(\s*|\bimport\s+)['"](\.{1,2}\/[^'"]+)['"]/g;

export function structure(): Structure {
  const sources = tracked('src').filter((file) => !file.startsWith('src/gen/'));
  const lines = new Map(sources.map((file) => [file, linesOf(file)]));
  const byLength = [...lines].sort(([, a], [, b]) => a - b);
  const [largest = '', most = 0] = byLength.at(-1) ?? [];
  const imports = importsOf(sources);
  const importers = new Map<string, number>();
  for (const targets of imports.values())
    for (const target of targets) importers.set(target, (importers.get(target) ?? 0) + 1);
  return {
    files: sources.length,
    medianLines: byLength[Math.floor(byLength.length / 2)]?.[1] ?? 0,
    largest: `${largest} (${most})`,
    sourceLines: sum([...lines.values()]),
    testLines: sum(tracked('test').map(linesOf)),
    withOneImporter: [...importers.values()].filter((count) => count === 1).length,
    circles: circlesOf(imports),
  };
}

/** By file, what it imports of them and of those `beside` them, types included. */
export function importsOf(
  files: readonly string[],
  beside: readonly string[] = [],
): Map<string, Set<string>> {
  const known = new Set([...files, ...beside]);
  return new Map(
    files.map((file) => {
      const targets = [...readFileSync(file, 'utf8').matchAll(IMPORT)]
        .map(([, path = '']) => join(dirname(file), path).replace(/\.js$/, '.ts'))
        .filter((target) => known.has(target));
      return [file, new Set(targets)];
    }),
  );
}

/** Strongly connected files, by Tarjan's algorithm. */
export function circlesOf(imports: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const circles: string[][] = [];
  const order = new Map<string, { index: number; low: number; open: boolean }>();
  const stack: string[] = [];
  const visit = (file: string) => {
    const own = { index: order.size, low: order.size, open: true };
    order.set(file, own);
    stack.push(file);
    for (const target of imports.get(file) ?? []) {
      const met = order.get(target) ?? visit(target);
      if (met.open) own.low = Math.min(own.low, met.low);
    }
    if (own.low !== own.index) return own;
    const circle = stack.splice(stack.indexOf(file));
    for (const member of circle) {
      const entry = order.get(member);
      if (entry !== undefined) entry.open = false;
    }
    if (circle.length > 1 || imports.get(file)?.has(file)) circles.push(circle.sort());
    return own;
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return circles;
}

function tracked(folder: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', `${folder}/*.ts`], {
    encoding: 'utf8',
  });
  return listed.split('\n').filter((file) => file !== '' && existsSync(file));
}

function linesOf(file: string): number {
  return readFileSync(file, 'utf8').trimEnd().split('\n').length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

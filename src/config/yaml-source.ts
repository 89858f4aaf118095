import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';

export type YamlPath = readonly PropertyKey[];

/** One thing that is wrong, and where. */
export interface Problem {
  readonly place: string;
  readonly message: string;
}

/** A YAML text as plain values, which knows where each of them stands. */
export interface YamlSource {
  readonly value: unknown;
  /** The text is not YAML, or has a key twice. */
  readonly problems: readonly Problem[];
  /** `file:line:column` of the value that a path leads to, or of its key; if it leads nowhere, of what is nearest. */
  place(path: YamlPath, part?: 'key' | 'value'): string;
}

export function readYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });

  function placeOf(offset: number): string {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }
  const problems = document.errors.map((error) => ({
    place: placeOf(error.pos[0]),
    message: error.message.replace(/\s+/g, ' ').trim(),
  }));
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const message = `there is no anchor &${alias.source} above`;
      problems.push({ place: placeOf(alias.range?.[0] ?? 0), message });
    },
  });
  function plainValue(): unknown {
    try {
      return document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      // Aliases of aliases: a small file that would become a huge value.
      problems.push({ place: placeOf(0), message: (error as Error).message });
      return undefined;
    }
  }
  return {
    value: problems.length === 0 ? plainValue() : undefined,
    problems,
    place(path, part = 'value') {
      let node: unknown = document.contents;
      let offset = startOf(node) ?? 0;
      for (const [index, step] of path.entries()) {
        if (isAlias(node)) node = node.resolve(document);
        const found = childOf(node, step);
        if (found === undefined) break;
        const wantsKey = part === 'key' && index === path.length - 1;
        offset = (wantsKey ? undefined : startOf(found.value)) ?? startOf(found.key) ?? offset;
        node = found.value;
      }
      return placeOf(offset);
    },
  };
}

function childOf(
  node: unknown,
  step: PropertyKey,
): { readonly key: unknown; readonly value: unknown } | undefined {
  if (isMap(node)) {
    return node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  }
  return isSeq(node) && typeof step === 'number' ? { key: undefined, value: node.items[step] } : undefined;
}

/** Where a node begins. An empty one has no place of its own: its key's is more telling. */
function startOf(node: unknown): number | undefined {
  const { range } = (node ?? {}) as Partial<Node>;
  if (range === undefined || range === null) return undefined;
  return range[0] === range[1] ? undefined : range[0];
}

import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';

/** Source files: their text by their path below src/, with slashes. */
export type Sources = Record<string, string>;

export type Import = { target: string; typeOnly: boolean };

/** Who may import what: patterns of paths below src/ and of packages. `*` is any part of a path, `**` any parts. */
export type Rule = { values: string[]; types?: string[] };

/** All files of src/ with one of these endings, generated code left out. */
export async function readSources(endings: string[]): Promise<Sources> {
  const root = new URL('../../src/', import.meta.url);
  const files = await readdir(root, { recursive: true });
  const wanted = files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.includes('generated/') && endings.includes(posix.extname(file)));
  const entries = await Promise.all(
    wanted.map(async (file) => [file, await readFile(new URL(file, root), 'utf8')] as const),
  );
  return Object.fromEntries(entries);
}

const STATEMENT =
  /^(?:import|export)\s+(type\s)?([^'";]*?)\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

/** What a file imports and re-exports: paths below src/ for its own, names for packages. */
export function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(([, type, names, from, bare, dynamic]) => {
    const specifier = from ?? bare ?? dynamic ?? '';
    const inBraces = /^\{([^}]*)\}\s*$/.exec(names ?? '')?.[1]?.split(',') ?? [];
    const named = inBraces.map((name) => name.trim()).filter((name) => name !== '');
    const onlyTypes = named.length > 0 && named.every((name) => name.startsWith('type '));
    return {
      target: specifier.startsWith('.')
        ? posix.normalize(posix.join(posix.dirname(file), specifier))
        : specifier,
      typeOnly: type !== undefined || onlyTypes,
    };
  });
}

/** Every import that the rule of its file (the first whose pattern fits) does not allow, in words. */
export function forbiddenImports(
  sources: Sources,
  rules: [pattern: string, rule: Rule][],
): string[] {
  return Object.entries(sources).flatMap(([file, text]) => {
    const [, rule] = rules.find(([pattern]) => fits(pattern, file)) ?? [];
    if (rule === undefined) {
      return [`${file} is in no known place`];
    }
    return importsOf(file, text).flatMap(({ target, typeOnly }) => {
      const allowed = typeOnly ? [...rule.values, ...(rule.types ?? [])] : rule.values;
      const what = typeOnly ? 'types of ' : '';
      return allowed.some((pattern) => fits(pattern, target))
        ? []
        : [`${file} imports ${what}${target}`];
    });
  });
}

/** Every circle of imports, types included, as `a → b → a`. */
export function importCycles(sources: Sources): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) {
      found.push([...path.slice(start), file].join(' → '));
    } else if (!done.has(file)) {
      for (const { target } of importsOf(file, sources[file] ?? '')) {
        if (target in sources) {
          visit(target, [...path, file]);
        }
      }
      done.add(file);
    }
  };
  for (const file of Object.keys(sources)) {
    visit(file, []);
  }
  return found;
}

/** The files that `pattern` matches in, but for those that fit one of `except`. Comments do not count. */
export function filesWith(sources: Sources, pattern: RegExp, except: string[] = []): string[] {
  return Object.entries(sources).flatMap(([file, text]) => {
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
    return pattern.test(code) && !except.some((place) => fits(place, file)) ? [file] : [];
  });
}

function fits(pattern: string, path: string): boolean {
  const source = pattern
    .split('**')
    .map((part) => part.replaceAll(/[.+]/g, '\\$&').replaceAll('*', '[^/]*'))
    .join('.*');
  return new RegExp(`^${source}$`).test(path);
}

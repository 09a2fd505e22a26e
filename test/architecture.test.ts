import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folders = [
  ...['triggers', 'orchestrations', 'activities', 'shared'],
  ...['infra', 'local', 'bench', 'test'],
];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function sourceFiles(): readonly string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (name) => `${folder}/${name.split(sep).join('/')}`,
      ),
    )
    .filter((name) => name.endsWith('.ts') && !name.includes('/node_modules/'));
}

const files = sourceFiles();
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

function importsOf(file: string): readonly Import[] {
  const pattern =
    /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
  return [...(text.get(file) ?? '').matchAll(pattern)].map(([, typeOnly, specifier = '']) => ({
    file,
    typeOnly: typeOnly !== undefined,
    target: specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier,
  }));
}

const imports = files.flatMap(importsOf);
const top = (path: string): string => path.split('/')[0] ?? '';
const describeImports = (found: readonly Import[]): readonly string[] =>
  found.map(({ file, target }) => `${file} → ${target}`);
const isPackage = (target: string, ...names: readonly string[]): boolean =>
  names.some((name) => target === name || target.startsWith(`${name}/`));

describe('who may import whom (DESIGN §4)', () => {
  it('the app never imports what stands in for Azure, nor tests', () => {
    const app = ['triggers', 'orchestrations', 'activities', 'shared'];
    const wrong = imports.filter(
      ({ file, target }) =>
        app.includes(top(file)) && ['local', 'test', 'bench', 'console'].includes(top(target)),
    );
    expect(describeImports(wrong)).toEqual([]);
  });

  it('infra imports what is shared and nothing else of ours', () => {
    const wrong = imports.filter(
      ({ file, target }) =>
        top(file) === 'infra' &&
        target.includes('/') &&
        ['triggers', 'orchestrations', 'activities', 'local', 'test', 'bench'].includes(
          top(target),
        ),
    );
    expect(describeImports(wrong)).toEqual([]);
  });

  it('orchestrations know activities by type only and load no client library', () => {
    const wrong = imports.filter(
      ({ file, target, typeOnly }) =>
        top(file) === 'orchestrations' &&
        ((top(target) === 'activities' && !typeOnly) ||
          top(target) === 'triggers' ||
          isPackage(target, '@azure/data-tables', '@azure/storage-blob', '@azure/storage-queue')),
    );
    expect(describeImports(wrong)).toEqual([]);
  });

  it('the Functions and Durable SDKs are named in triggers and in orchestrations/steps.ts and retry.ts only', () => {
    const wrong = imports.filter(
      ({ file, target }) =>
        isPackage(target, '@azure/functions', 'durable-functions') &&
        !['triggers', 'local', 'test', 'bench'].includes(top(file)) &&
        !['orchestrations/steps.ts', 'orchestrations/retry.ts'].includes(file),
    );
    expect(describeImports(wrong)).toEqual([]);
  });

  it('activities and shared modules do not reach up', () => {
    const wrong = imports.filter(
      ({ file, target }) =>
        (top(file) === 'activities' && ['triggers', 'orchestrations'].includes(top(target))) ||
        (top(file) === 'shared' &&
          ['triggers', 'orchestrations', 'activities'].includes(top(target))),
    );
    expect(describeImports(wrong)).toEqual([]);
  });

  it('a folder of shared is entered by its index from outside', () => {
    const wrong = imports.filter(({ file, target }) => {
      const [area, folder, ...rest] = target.split('/');
      if (area !== 'shared' || rest.length === 0) return false;
      const inside = file.startsWith(`shared/${folder}/`);
      return !inside && rest.join('/') !== 'index.ts' && !['test', 'bench'].includes(top(file));
    });
    expect(describeImports(wrong)).toEqual([]);
  });

  it('the folders of shared form no cycle', () => {
    const edges = new Map<string, Set<string>>();
    for (const { file, target } of imports) {
      const from = file.split('/').slice(0, 2).join('/');
      const to = target.split('/').slice(0, 2).join('/');
      if (top(file) !== 'shared' || top(target) !== 'shared' || from === to) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
    const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
      [...(edges.get(from) ?? [])].some(
        (next) => next === goal || (!seen.has(next) && reaches(next, goal, seen.add(next))),
      );
    expect([...edges.keys()].filter((folder) => reaches(folder, folder))).toEqual([]);
  });
});

describe('orchestrations are deterministic (DESIGN §3 rule 4)', () => {
  const forbidden = [
    /\bnew Date\(\s*\)/,
    /\bDate\.now\b/,
    /\bMath\.random\b/,
    /\bprocess\b/,
    /\bsetTimeout\b/,
    /\bsetInterval\b/,
    /\bfetch\(/,
    /\bawait\b/,
    /\basync\b/,
    /\bcrypto\b/,
    /\brandomUUID\b/,
  ];
  it.each(files.filter((file) => top(file) === 'orchestrations'))(
    '%s uses nothing that changes between replays',
    (file) => {
      const code = (text.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      expect(forbidden.filter((pattern) => pattern.test(code)).map(String)).toEqual([]);
      const builtin = importsOf(file).filter(
        ({ target }) => target.startsWith('node:') || builtinModules.includes(target),
      );
      expect(describeImports(builtin)).toEqual([]);
    },
  );
});

describe('size and naming budgets', () => {
  it('no file is longer than 300 lines', () => {
    const long = files.filter((file) => (text.get(file) ?? '').split('\n').length > 301);
    expect(long).toEqual([]);
  });

  it('most files outside tests are under 100 lines', () => {
    const app = files.filter((file) => top(file) !== 'test');
    const short = app.filter((file) => (text.get(file) ?? '').split('\n').length <= 101);
    expect(short.length / app.length).toBeGreaterThan(0.5);
  });

  it('no file is a dumping ground by name', () => {
    const wrong = files.filter((file) =>
      /(^|\/)(utils?|helpers?|common|types|constants|misc)(\.ts|\/)/.test(file),
    );
    expect(wrong).toEqual([]);
  });

  it('the environment is read in shared/config.ts only, outside local runs', () => {
    const wrong = files.filter(
      (file) =>
        ['triggers', 'orchestrations', 'activities', 'shared'].includes(top(file)) &&
        file !== 'shared/config.ts' &&
        /\bprocess\.env\b/.test(text.get(file) ?? ''),
    );
    expect(wrong).toEqual([]);
  });

  it('no any, no double cast, no silenced check outside tests', () => {
    const wrong = files.filter(
      (file) =>
        top(file) !== 'test' &&
        /(:\s*any\b|\bas any\b|\bas unknown as\b|@ts-ignore|@ts-expect-error|biome-ignore)/.test(
          text.get(file) ?? '',
        ),
    );
    expect(wrong).toEqual([]);
  });

  it('the app throws only errors of the catalogue', () => {
    const wrong = files.filter(
      (file) =>
        !['test', 'bench'].includes(top(file)) && /throw new Error\(/.test(text.get(file) ?? ''),
    );
    expect(wrong).toEqual([]);
  });

  it('no listener binds to anything but loopback', () => {
    const wrong = files.filter(
      (file) => /0\.0\.0\.0/.test(text.get(file) ?? '') && file !== 'test/architecture.test.ts',
    );
    expect(wrong).toEqual([]);
  });

  it('nothing in the project reads the folder beside it when it runs', () => {
    const wrong = files.filter(
      (file) =>
        top(file) !== 'test' &&
        /['"`](\.\.\/)+shared\/(facts|data|conformance)(\/|['"`])/.test(text.get(file) ?? ''),
    );
    expect(wrong).toEqual([]);
  });

  it('the README stays within 110 lines', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8').split('\n').length).toBeLessThanOrEqual(
      111,
    );
  });

  it('relative paths in this test are the repository', () => {
    expect(
      relative(root, fileURLToPath(import.meta.url))
        .split(sep)
        .join('/'),
    ).toBe('test/architecture.test.ts');
  });
});

/**
 * An esbuild plugin: in the bundle, a module is evaluated when something of it is used for the first time, not when something that
 * imports it starts. So a command pays for what it does, while the source keeps plain imports at the top of each file.
 *
 *   import { x } from './y.js';   ->   function import_y() { return import_y$ ??= require('./y.js'); }
 *   x(1)                          ->   (0, (import_y()).x)(1)
 *
 * What babel calls lazy imports and Metro inline requires. It rests on the form in which esbuild, and TypeScript for oclif, write
 * CommonJS: each import is a variable of its own, with a name that no other has, and each use a property of it. An import of a whole
 * namespace (`import * as v`) stays as it is: its name is one that the author chose, which a local variable may hide.
 *
 * Modules here have no effect when they are evaluated but to define things; one that has is imported for it (`import './x.js'`), which
 * stays where it is.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform, type OnResolveResult, type Plugin, type PluginBuild } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const helpers = join(here, 'modules.cjs');

/** In place of packages that load more than the command line needs of them. */
const instead = { '@oclif/core': 'oclif.cjs', debug: 'debug.cjs', 'wsl-utils': 'wsl-utils.cjs' } as const;

/** In Go's words, which have no look-ahead. */
const ours = /\/(src|plugin-sdk\/contract)\/.*\.ts$/;
const oclif = /\/node_modules\/@oclif\/core\/lib\/.*\.js$/;

/** A namespace of its own: in our package, esbuild would take every file for an ES module. */
const lazy = 'lazy';
const resolving = Symbol('resolving');

export const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(build) {
    build.onResolve({ filter: /^(@oclif\/core|debug|wsl-utils)$/ }, ({ path }) => ({
      path: join(here, instead[path as keyof typeof instead]),
    }));
    build.onResolve({ filter: /./ }, async ({ path, pluginData, importer, kind, resolveDir }): Promise<OnResolveResult | undefined> => {
      if (pluginData === resolving) return undefined;
      const found = await build.resolve(path, { importer, kind, resolveDir, pluginData: resolving });
      return ours.test(found.path) && !found.external ? { ...found, namespace: lazy } : found;
    });
    build.onLoad({ filter: ours, namespace: lazy }, async ({ path }) => {
      const contents = makeLazy(await shareHelpers(await toCommonJs(path), { build, resolveDir: dirname(path) }));
      return { contents, loader: 'js', resolveDir: dirname(path) };
    });
    build.onLoad({ filter: oclif }, async ({ path }) => ({ contents: makeLazy(await readFile(path, 'utf8')), loader: 'js' }));
  },
};

async function toCommonJs(path: string): Promise<string> {
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader: 'ts',
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'bundleUrl' },
  });
  return code;
}

/** Takes the helpers that esbuild writes into each file from one place. */
async function shareHelpers(code: string, place: { build: PluginBuild; resolveDir: string }): Promise<string> {
  const begin = 'var stdin_exports = {};\n';
  const start = code.indexOf(begin);
  const body = (start < 0 ? code : code.slice(start + begin.length))
    .replace(/^__export\(stdin_exports, /m, 'helpers.exportAll(exports, ')
    .replace(/^module\.exports = __toCommonJS\(stdin_exports\);\n/m, '')
    .replaceAll('__toESM(', 'helpers.toModule(')
    .replace(/\n\/\/ Annotate the CommonJS export names[^]*$/, '\n');
  return `const helpers = require(${JSON.stringify(helpers)});\n${await nameReExports(body, place)}`;
}

/** `export * from './y.js'`: by name, so that `./y.js` need not be evaluated to know them. */
async function nameReExports(code: string, { build, resolveDir }: { build: PluginBuild; resolveDir: string }): Promise<string> {
  let named = code;
  for (const [line, path = ''] of code.matchAll(/^__reExport\(stdin_exports, require\("([^"]+)"\), module\.exports\);$/gm)) {
    const { path: file } = await build.resolve(path, { kind: 'require-call', resolveDir, pluginData: resolving });
    const names = [...(await toCommonJs(file)).matchAll(/^ {2}(\w+): \(\) => /gm)].map(([, name = '']) => name);
    const getters = names.map((name) => `${name}: () => require(${JSON.stringify(path)}).${name}`);
    named = named.replace(line, () => `helpers.exportAll(exports, { ${getters.join(', ')} });`);
  }
  return named;
}

/** Imports of esbuild's are called `import_name`, of TypeScript's `name_1`. */
const anImport = /^(?:var|const) (import_\w+|\w+_\d+) = ((?:[\w.]+\()?require\("[^"]+"\)(?:, 1)?\)?);$/gm;

function makeLazy(code: string): string {
  const names: string[] = [];
  const declared = code.replaceAll(anImport, (_line, name: string, value: string) => {
    names.push(name);
    return `var ${name}$; function ${name}() { return ${name}$ ??= ${value}; }`;
  });
  if (names.length === 0) return declared;
  const uses = new RegExp(`(?<![\\w$]|[^.]\\.)(${names.join('|')})(?=\\.)`, 'g');
  return declared.replaceAll(uses, '($1())');
}

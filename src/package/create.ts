import { mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pluginName } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { findShipped } from '#base/shipped.js';
import { createErrors } from './errors.js';

/** Of samples/template, and what each is called in a skeleton: npm leaves a file named `.gitignore` out of what it packs. */
const files: Readonly<Record<string, string>> = {
  'package.json': 'package.json',
  'plugin.ts': 'plugin.ts',
  'plugin.test.ts': 'plugin.test.ts',
  'tsconfig.json': 'tsconfig.json',
  'README.md': 'README.md',
  gitignore: '.gitignore',
};

/** Writes the skeleton of a plugin: it compiles, passes its own test, and runs. Writes over nothing. Answers with the directory. */
export async function createPlugin(directory: string, name: string): Promise<string> {
  const target = resolve(directory);
  if (!v.is(pluginName, name)) throw createErrors.nameInvalid(target, name);
  const template = findShipped('template/plugin.ts') ?? findShipped('samples/template/plugin.ts');
  if (template === undefined) throw createErrors.templateMissing(target);
  await mkdir(target, { recursive: true }).catch((error: unknown) => {
    throw createErrors.notWritten(target, systemCodeOf(error) ?? messageOf(error), error);
  });
  const written: string[] = [];
  try {
    for (const [from, to] of Object.entries(files)) {
      const text = await readFile(join(dirname(template), from), 'utf8');
      await writeFile(join(target, to), adapt(text, name), { flag: 'wx' });
      written.push(to);
    }
  } catch (error) {
    for (const file of written) await unlink(join(target, file)).catch(() => undefined);
    throw systemCodeOf(error) === 'EEXIST'
      ? createErrors.wouldOverwrite(target, Object.values(files)[written.length] ?? '')
      : createErrors.notWritten(target, systemCodeOf(error) ?? messageOf(error), error);
  }
  return target;
}

/** The name has passed its pattern, so that it is the same inside of quotes, JSON and Markdown. */
function adapt(text: string, name: string): string {
  const word =
    name
      .split('/')
      .at(-1)
      ?.toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replace(/-$/, '') ?? '';
  return text
    .replaceAll('example.com/template', name)
    .replaceAll('hello-template', `hello-${word}`)
    .replace('"name": "template"', `"name": "${word}"`);
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { repository } from '../helpers/cli.js';
import { buildConfig, describeTiers, scriptOf, type TestHost } from '../helpers/compartment.js';

const file = join(repository, 'plugin-sdk/realm.d.ts');
const text = readFileSync(file, 'utf8');

/** What the file declares: each global, and the members of those that have some; of a class, those of its instances and its own. */
const declared = new Map(
  ts.createSourceFile(file, text, ts.ScriptTarget.ESNext).statements.flatMap((statement): [string, string[]][] => {
    if (ts.isClassDeclaration(statement)) return [[statement.name?.text ?? '', statement.members.flatMap(nameOf)]];
    if (ts.isFunctionDeclaration(statement)) return [[statement.name?.text ?? '', []]];
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.map(({ name, type }) => [
      (name as ts.Identifier).text,
      type && ts.isTypeLiteralNode(type) ? type.members.flatMap(nameOf) : [],
    ]);
  }),
);

function nameOf(member: ts.ClassElement | ts.TypeElement): string[] {
  const { name } = member;
  if (name === undefined) return [];
  return [ts.isIdentifier(name) ? name.text : 'Symbol(Symbol.iterator)'];
}

describeTiers('the globals of a compartment', (open) => {
  let scene: TestHost;
  before(async () => (scene = await open()));
  after(() => scene.close());

  async function evaluate(expression: string): Promise<unknown> {
    const script = scriptOf(`engineConfig: () => ({ env: { R: JSON.stringify(${expression}) } })`);
    const answer = await scene.plugin(script, { name: `test/p${(count += 1)}` }).ask('engineConfig', { config: buildConfig() });
    return JSON.parse(answer?.env?.['R'] ?? 'null');
  }
  let count = 0;

  it('are those that plugin-sdk/realm.d.ts shows to authors', async () => {
    const language = /Of the language: ([^.]*)\./.exec(text)?.[1]?.split(/[\s*]+/) ?? [];
    assert.deepEqual(await evaluate('Object.getOwnPropertyNames(globalThis).sort()'), [...language, ...declared.keys()].sort());
  });

  for (const [name, members] of declared) {
    it(`have the members that it shows: ${name}`, async () => {
      const own = `Reflect.ownKeys(${name}).filter((key) => !['length', 'name', 'prototype', 'arguments', 'caller'].includes(key))`;
      const actual = await evaluate(
        `[...${own}, ...Reflect.ownKeys(${name}.prototype ?? {})].map(String).filter((key) => key !== 'constructor').sort()`,
      );
      assert.deepEqual(actual, members.toSorted());
    });
  }

  it('are frozen, with all that they lead to', async () => {
    const walk = `(() => {
      const seen = new Set(), thawed = [];
      const visit = (value, path) => {
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
        seen.add(value);
        if (!Object.isFrozen(value)) thawed.push(path);
        visit(Object.getPrototypeOf(value), path + '.__proto__');
        for (const key of Reflect.ownKeys(value)) {
          const { value: member, get, set } = Object.getOwnPropertyDescriptor(value, key);
          for (const part of [member, get, set]) visit(part, path + '.' + String(key));
        }
      };
      for (const key of Object.getOwnPropertyNames(globalThis)) if (key !== 'globalThis') visit(globalThis[key], key);
      return { thawed, count: seen.size };
    })()`;
    const { thawed, count: walked } = (await evaluate(walk)) as { thawed: string[]; count: number };
    assert.deepEqual(thawed, []);
    assert.ok(walked > 500, `only ${walked} were looked at`);
  });
});

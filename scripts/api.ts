/**
 * `npm run api`: writes plugin-sdk/api/, the types that authors rely on, so that a change of them is seen in review.
 * `test/contract/api.test.ts` fails while it has not been run.
 *
 *   plugin-sdk.d.ts define-plugin.d.ts host.d.ts   as the compiler emits them
 *   contract.d.ts                                  what the schemas of each callback and power come to, spelled out
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import ts from 'typescript';
import { callbackNames, powers } from '../plugin-sdk/contract/contract.js';

const sdk = fileURLToPath(new URL('../plugin-sdk', import.meta.url));
export const apiDirectory = `${sdk}/api`;

const authorFiles = ['plugin-sdk', 'define-plugin', 'host'];
/** Exists in the compiler's eyes alone: one type alias for each type to spell out. */
const aliasFile = `${sdk}/spelled-out.ts`;

/** The report: text by file name. */
export async function computeApi(): Promise<Map<string, string>> {
  const program = openProgram();
  const report = new Map<string, string>();
  for (const name of authorFiles) report.set(`${name}.d.ts`, await tidy(emitDeclarations(program, `${sdk}/${name}.ts`)));
  report.set('contract.d.ts', await tidy(spellOut(program)));
  return report;
}

function openProgram(): ts.Program {
  const config = ts.getParsedCommandLineOfConfigFile(`${sdk}/tsconfig.json`, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail });
  if (!config) throw new Error('Cannot read plugin-sdk/tsconfig.json');
  const host = ts.createCompilerHost(config.options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => file === aliasFile || fileExists(file);
  host.readFile = (file) => (file === aliasFile ? writeAliases() : readFile(file));
  host.getSourceFile = (file, options, ...rest) =>
    file === aliasFile ? ts.createSourceFile(file, writeAliases(), options) : getSourceFile(file, options, ...rest);
  return ts.createProgram([...config.fileNames, aliasFile], config.options, host);
}

function writeAliases(): string {
  const alias = (name: string, kind: string, part: string) => `export type ${name}${part} = ${kind}${part}<'${name}'>;`;
  return [
    `import type { CallbackAnswer, CallbackInput, PowerInput, PowerOutput } from './contract/contract.js';`,
    ...callbackNames.flatMap((name) => [alias(name, 'Callback', 'Input'), alias(name, 'Callback', 'Answer')]),
    ...Object.keys(powers).flatMap((name) => [alias(name, 'Power', 'Input'), alias(name, 'Power', 'Output')]),
  ].join('\n');
}

function spellOut(program: ts.Program): string {
  const file = program.getSourceFile(aliasFile);
  if (!file) throw new Error('Cannot find the aliases');
  const checker = program.getTypeChecker();
  const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;
  return file.statements
    .filter(ts.isTypeAliasDeclaration)
    .map((alias) => `export type ${alias.name.text} = ${checker.typeToString(checker.getTypeAtLocation(alias.name), undefined, flags)};`)
    .join('\n\n');
}

function emitDeclarations(program: ts.Program, file: string): string {
  let text = '';
  const { diagnostics } = program.emit(program.getSourceFile(file), (_, written) => (text = written), undefined, true);
  for (const diagnostic of diagnostics) fail(diagnostic);
  return text;
}

function tidy(text: string): Promise<string> {
  return format(`// Written by \`npm run api\`; do not edit.\n${text}`, { parser: 'typescript', singleQuote: true, printWidth: 140 });
}

function fail(diagnostic: ts.Diagnostic): never {
  throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(apiDirectory, { recursive: true });
  for (const [name, text] of await computeApi()) writeFileSync(`${apiDirectory}/${name}`, text);
}

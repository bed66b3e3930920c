import { CONTRACT } from '@bulkhead/plugin-sdk/contract';
import type { EscapeCase } from './escape-case.js';

/**
 * The script of a plugin that runs the code that it is asked with: `config.command` is how (`EscapeCase.run`) and the code. It
 * puts the global object back between two pieces of code; everything else that they share is frozen.
 */
export function harnessScript(): string {
  return scriptOf(
    `engineConfig(input, host) {
  restore();
  const [how, code] = input.config.command;
  let run;
  try { run = evaluate('(' + (how === 'probe' ? 'async ' : '') + 'function (input, host) {' + code + '\\n})'); }
  catch { return { env: { OUTCOME: 'not evaluated' } }; }
  return how === 'probe' ? probe(run, input, host) : run(input, host);
}`,
    `const evaluate = eval;
const globals = Object.getOwnPropertyDescriptors(globalThis);
const restore = () => {
  for (const key of Reflect.ownKeys(globalThis)) if (!Object.hasOwn(globals, key)) Reflect.deleteProperty(globalThis, key);
  Object.defineProperties(globalThis, globals);
};
${probe}`,
  );
}

/** The script of a plugin that carries the code in itself: for code that may keep the whole script from being evaluated. */
export function carrierScript({ tries }: Pick<EscapeCase, 'tries'>): string {
  return scriptOf(`engineConfig(input, host) { return probe(async function (input, host) { ${tries}\n}, input, host); }`, probe);
}

const probe = `const probe = async (run, input, host) => {
  let got;
  try { got = await run(input, host); } catch { return { env: { OUTCOME: 'nothing' } }; }
  return { env: { OUTCOME: got === undefined ? 'nothing' : 'got ' + String(got).slice(0, 200) } };
};`;

function scriptOf(callbacks: string, before: string): string {
  const definition = `{ name: 'selftest', version: '1.0.0', contract: ${JSON.stringify(CONTRACT)}, commands: {}, callbacks: { ${callbacks} } }`;
  return `var bulkheadPlugin = (() => { ${before}\nreturn { default: ${definition} } })(); bulkheadPlugin.default;`;
}

import assert from 'node:assert/strict';
import { argumentsOf, arrangeArguments, pluginDirectoriesOf } from '../../src/cli/arguments.js';

const flags = {
  env: { type: 'option', char: 'e' },
  bind: { type: 'option', char: 'B' },
  'plugin-dir': { type: 'option' },
  debug: { type: 'boolean', char: 'd' },
};
const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

describe('a command line', () => {
  for (const [typed, arranged] of [
    ['run IMAGE a b a', 'run IMAGE -- a b a'],
    ['run IMAGE -- a', 'run IMAGE -- a'],
    ['run IMAGE a -- b', 'run IMAGE -- a -- b'],
    ['run IMAGE', 'run IMAGE --'],
    ['run -- IMAGE', 'run -- IMAGE'],
    ['run', 'run'],
    ['run --help', 'run --help'],
    ['run IMAGE --help', 'run IMAGE -- --help'],
    ['run --env A=b IMAGE x', 'run --env A=b IMAGE -- x'],
    ['run --env=A=b IMAGE x', 'run --env=A=b IMAGE -- x'],
    ['run -e A=b IMAGE x', 'run -e A=b IMAGE -- x'],
    ['run -eA=b IMAGE x', 'run -eA=b IMAGE -- x'],
    ['run -de A=b -B /x IMAGE y', 'run -de A=b -B /x IMAGE -- y'],
    ['run -deA=b IMAGE x', 'run -deA=b IMAGE -- x'],
    ['run --bogus IMAGE x', 'run --bogus IMAGE -- x'],
    ['run --env', 'run --env'],
    ['-d run IMAGE x', 'run -d IMAGE -- x'],
    ['--plugin-dir /p run IMAGE x', 'run --plugin-dir /p IMAGE -- x'],
    ['-q plugin list', 'plugin list -q'],
    ['-d scratch list -- -x', 'scratch list -d -- -x'],
    ['help run', 'run --help'],
    ['help', '--help'],
    ['--help', '--help'],
    ['--version', '--version'],
    ['', ''],
  ] as const) {
    it(`"${typed}" is arranged as "${arranged}"`, () => assert.deepEqual(arrangeArguments(words(typed), flags), words(arranged)));
  }

  it('keeps the order of its arguments', () => {
    const raw = ['a', 'b', 'a'].map((input) => ({ type: 'arg', input }));
    assert.deepEqual(argumentsOf([{ type: 'flag', input: '-d' }, ...raw]), ['a', 'b', 'a']);
  });

  it('names plugin directories in two forms, up to "--"', () => {
    assert.deepEqual(pluginDirectoriesOf(words('x --plugin-dir /a --plugin-dir=/b -- --plugin-dir /c')), ['/a', '/b']);
  });
});

import assert from 'node:assert/strict';
import { argumentsOf, arrangeArguments, checkCommand, pluginDirectoriesOf } from '../../src/cli/arguments.js';

const flags = {
  env: { type: 'option', char: 'e' },
  bind: { type: 'option', char: 'B', aliases: ['mount-here'] },
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
    ['run --mount-here /x IMAGE y', 'run --mount-here /x IMAGE -- y'],
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

  const ids = ['run', 'plugin:list', 'plugin:install', 'scratch', 'scratch:old:list'];
  for (const line of [
    '',
    '--help',
    'run',
    'run host:',
    'plugin',
    'plugin --help',
    'plugin list x',
    'scratch',
    'scratch x',
    'scratch old list',
  ])
    it(`"${line}" is a command, or the beginning of one`, () => checkCommand(words(line), ids));
  for (const [line, message, hint] of [
    ['rnu host:', 'There is no command "rnu"', 'bulkhead --help'],
    ['plugin instal x.sif', 'There is no command "plugin instal"', 'bulkhead plugin --help'],
    ['plugin instal --help', 'There is no command "plugin instal"', 'bulkhead plugin --help'],
  ] as const) {
    it(`"${line}" is none, and it is said which word is not`, () => {
      assert.throws(() => checkCommand(words(line), ids), { message, suggestions: [hint] });
    });
  }

  it('a word behind a command that takes none is refused, and the name of a longer one is not', () => {
    const takesWords = (id: string): boolean => id !== 'plugin:list' && id !== 'plugin';
    const suggestions = ['bulkhead plugin list --help'];
    assert.throws(() => checkCommand(words('plugin list extra'), ids, takesWords), { message: 'Unexpected argument: extra', suggestions });
    for (const line of ['plugin list', 'plugin list --json', 'plugin install x.sif', 'plugin list --json extra'])
      checkCommand(words(line), ids, takesWords);
  });

  it('keeps the order of its arguments', () => {
    const raw = ['a', 'b', 'a'].map((input) => ({ type: 'arg', input }));
    assert.deepEqual(argumentsOf([{ type: 'flag', input: '-d' }, ...raw]), ['a', 'b', 'a']);
  });

  it('names plugin directories in two forms, up to "--"', () => {
    assert.deepEqual(pluginDirectoriesOf(words('x --plugin-dir /a --plugin-dir=/b -- --plugin-dir /c')), ['/a', '/b']);
  });
});

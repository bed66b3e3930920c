/** Compiled by `npm run types`, never run: the types of arguments and flags, as a command's `run` and the callbacks see them. */
import { definePlugin } from '@bulkhead/plugin-sdk';
import { expectType, validPlugin } from './expect-type.js';

/** Each kind of flag. */
definePlugin({
  ...validPlugin,
  commands: {
    flags: {
      summary: 'Has all kinds of flags',
      flags: {
        all: { type: 'boolean' },
        name: { type: 'string' },
        depth: { type: 'integer', default: 2, min: 0, max: 9 },
        format: { type: 'string', options: ['json', 'text'], default: 'text' },
        tag: { type: 'list' },
        label: { type: 'map' },
        file: { type: 'string', repeated: true },
        port: { type: 'integer', repeated: true },
        only: { type: 'list', options: ['a', 'b'] },
      },
      run({ flags, args }) {
        expectType<boolean>()(flags.all);
        expectType<string | undefined>()(flags.name);
        expectType<number>()(flags.depth);
        expectType<'json' | 'text'>()(flags.format);
        expectType<readonly string[]>()(flags.tag);
        expectType<Readonly<Record<string, string>>>()(flags.label);
        expectType<readonly string[]>()(flags.file);
        expectType<readonly number[]>()(flags.port);
        expectType<readonly ('a' | 'b')[]>()(flags.only);
        expectType<readonly []>()(args);
      },
    },
  },
});

/** Arguments are a tuple by their places. */
definePlugin({
  ...validPlugin,
  commands: {
    copy: {
      summary: 'Has arguments',
      flags: { force: { type: 'boolean' } },
      args: [{ name: 'from', required: true }, { name: 'to' }],
      run({ args: [from, to], flags }) {
        expectType<string>()(from);
        expectType<string | undefined>()(to);
        expectType<boolean>()(flags.force);
      },
    },
    set: {
      summary: 'Takes the rest',
      args: [
        { name: 'state', required: true, options: ['on', 'off'] },
        { name: 'names', rest: true, required: true },
      ],
      run({ args: [state, first, ...others], flags }) {
        expectType<'on' | 'off'>()(state);
        expectType<string>()(first);
        expectType<string[]>()(others);
        // @ts-expect-error: a flag of the other command
        void flags.force;
      },
    },
    wrong: {
      summary: 'Is written wrong',
      // @ts-expect-error: an argument has a name
      args: [{ required: true }],
      run: () => 0,
    },
  },
});
definePlugin({
  ...validPlugin,
  // @ts-expect-error: the options are texts
  commands: { a: { summary: '', flags: { depth: { type: 'integer', options: [1, 2] } }, run: () => 0 } },
});

/** Flags of built-in commands are seen by the callbacks around the command, and by engineConfig. */
definePlugin({
  ...validPlugin,
  permissions: { config: ['env'], flags: ['run.hostname'] },
  flags: { run: { trace: { type: 'string' }, verbose: { type: 'boolean' } } },
  callbacks: {
    beforeCommand({ command, flags, commandFlags, args }) {
      expectType<'run'>()(command);
      expectType<string | undefined>()(flags.trace);
      expectType<boolean>()(flags.verbose);
      expectType<string[]>()(args);
      // @ts-expect-error: the plugin adds no such flag
      void flags.none;
      if (commandFlags['hostname'] === 'x') return { abort: { message: 'not this one', exitCode: 3 } };
      return { flags: { verbose: true }, commandFlags: { hostname: 'y' } };
    },
    afterCommand({ flags, exitCode, outcome }) {
      expectType<boolean>()(flags.verbose);
      expectType<number>()(exitCode);
      expectType<'ended' | 'aborted' | 'failed'>()(outcome);
    },
    engineConfig({ flags }) {
      expectType<string | undefined>()(flags.trace);
      return { env: { TRACE: flags.trace ?? '' } };
    },
  },
});
// @ts-expect-error: an answer of beforeCommand has no exit code of its own
definePlugin({ ...validPlugin, hooks: ['run'], callbacks: { beforeCommand: () => ({ exitCode: 3 }) } });
// @ts-expect-error: nothing is done with an answer
definePlugin({ ...validPlugin, hooks: ['run'], callbacks: { afterCommand: () => 3 } });
// @ts-expect-error: there is no such type of flag
definePlugin({ ...validPlugin, flags: { run: { when: { type: 'date' } } } });

/** Without flags of its own, a plugin that is asked around a command sees the command's. */
definePlugin({
  ...validPlugin,
  hooks: ['run'],
  callbacks: {
    beforeCommand({ command, commandFlags }) {
      expectType<string>()(command);
      void commandFlags;
    },
  },
});

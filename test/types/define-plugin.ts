/** Compiled by `npm run types`, never run: what an author's editor infers, and what it refuses. */
import { definePlugin } from '@bulkhead/plugin-sdk';
import type { CommandHost, ContainerConfig, Host, MountPlan } from '@bulkhead/plugin-sdk';
import { expectType, validPlugin, validCommand } from './expect-type.js';

/** The flags of each command have the types of their definitions. */
definePlugin({
  ...validPlugin,
  commands: {
    'scratch list': {
      summary: 'List',
      flags: {
        all: { type: 'boolean', short: 'a' },
        pattern: { type: 'string' },
        depth: { type: 'integer', default: 2 },
        owner: { type: 'string', required: true },
      },
      run({ args, flags }, host) {
        expectType<readonly []>()(args);
        expectType<boolean>()(flags.all);
        expectType<string | undefined>()(flags.pattern);
        expectType<number>()(flags.depth);
        expectType<string>()(flags.owner);
        // @ts-expect-error: the command has no such flag
        void flags.none;
        host.print('');
        return 0;
      },
    },
    'scratch empty': {
      summary: 'Empty',
      flags: { force: { type: 'boolean' } },
      async run({ flags }) {
        expectType<boolean>()(flags.force);
        // @ts-expect-error: a flag of the other command
        void flags.all;
      },
    },
    'scratch none': {
      summary: 'Without flags, beside commands that have some',
      run({ flags }) {
        // @ts-expect-error: the command has no flags
        void flags.all;
      },
    },
  },
});

/** A command answers with an exit code, or with nothing. */
definePlugin({
  ...validPlugin,
  commands: { a: { ...validCommand, run: () => 3 }, b: { ...validCommand, run: async () => 3 }, c: { ...validCommand, run() {} } },
});
definePlugin({
  ...validPlugin,
  commands: {
    // @ts-expect-error: an exit code is a number
    a: { summary: '', run: () => 'three' },
    // @ts-expect-error: a command must be able to run
    b: { summary: '' },
    // @ts-expect-error: there is no such type of flag
    c: { ...validCommand, flags: { when: { type: 'date' } } },
  },
});

/** Inputs are those of the contract. */
definePlugin({
  ...validPlugin,
  callbacks: {
    engineConfig(input, host) {
      expectType<ContainerConfig>()(input.config);
      expectType<Record<string, string>>()(input.config.env);
      // @ts-expect-error: the configuration has no such field
      void input.config.environment;
      // @ts-expect-error: only commands print
      void host.print;
    },
    async postStartProcess({ container }, host) {
      expectType<string>()(container.id);
      expectType<number>()(container.pid);
      expectType<string | undefined>()(await host.store.get('runs'));
    },
    monitorContainer({ event }) {
      // @ts-expect-error: only the exit has a code
      void event.exitCode;
      if (event.type === 'exit') expectType<number>()(event.exitCode);
    },
    registerImageDriver({ scheme, reference }) {
      expectType<string>()(`${scheme}${reference}`);
      return { mounts: [{ type: 'bind', source: '/usr', destination: '/usr', readOnly: true }] };
    },
  },
});

/** There are no other callbacks, and `command` is written as `commands`. */
// @ts-expect-error: no such callback
definePlugin({ ...validPlugin, callbacks: { engineConfiguration() {} } });
// @ts-expect-error: commands are written as `commands`
definePlugin({ ...validPlugin, callbacks: { command: () => 0 } });

/** Answers are those of the contract. */
definePlugin({
  ...validPlugin,
  callbacks: {
    // @ts-expect-error: an image driver must answer with a plan
    registerImageDriver() {},
    // @ts-expect-error: nothing is done with an answer
    postStartProcess: () => 5,
    // @ts-expect-error: nothing is done with an answer
    monitorContainer: async () => ({ type: 'stop' }),
  },
});
// @ts-expect-error: a mount has a destination
definePlugin({ ...validPlugin, callbacks: { registerImageDriver: () => ({ mounts: [{ type: 'tmpfs' }] }) } });
// @ts-expect-error: there is no such type of mount
definePlugin({ ...validPlugin, callbacks: { registerImageDriver: (): MountPlan => ({ mounts: [{ type: 'nfs', destination: '/mnt' }] }) } });

/** A definition says who the plugin is. */
// @ts-expect-error: no name
definePlugin({ version: '0.1.0', author: '', description: '' });
// @ts-expect-error: no such field
definePlugin({ ...validPlugin, licence: 'Apache-2.0' });

/** What others write apart from the definition takes any plugin's host. */
const printRuns = async (host: CommandHost): Promise<void> => host.print((await host.store.get('runs')) ?? 'none');
const countRun = (host: Host): Promise<void> => host.store.set('runs', '1');
definePlugin({
  ...validPlugin,
  permissions: { env: ['USER'] },
  commands: { a: { summary: '', run: (_input, host) => printRuns(host) } },
  callbacks: { postStartProcess: (_input, host) => countRun(host) },
});

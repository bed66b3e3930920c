import { definePlugin } from '@bulkhead/plugin-sdk';

/** Adds commands of its own to bulkhead, and two flags to `bulkhead run`. */
export default definePlugin({
  name: 'example.com/cli-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'This is a short example CLI plugin for Bulkhead',
  commands: {
    'test-cmd': {
      summary: 'Test test',
      examples: ['bulkhead test-cmd my test'],
      args: [{ name: 'args', summary: 'what to print', required: true, rest: true }],
      flags: {
        upper: { type: 'boolean', short: 'u', summary: 'Print in upper case' },
        repeat: { type: 'integer', summary: 'How many times to print', default: 1, min: 1, max: 100 },
      },
      run({ args, flags }, host) {
        const line = `test-cmd is printing args: [${args.join(' ')}]`;
        for (let time = 0; time < flags.repeat; time += 1) host.print(flags.upper ? line.toUpperCase() : line);
      },
    },
    'exit-with': {
      summary: 'Exit with the code that is given',
      args: [{ name: 'code', summary: 'from 0 to 255', required: true }],
      run({ args: [code] }) {
        const exitCode = Number(code);
        return Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= 255 ? exitCode : 255;
      },
    },
  },
  flags: {
    run: {
      test: { type: 'string', default: 'this is a test flag from plugin', summary: 'some text to print', placeholder: 'TEXT' },
      abort: { type: 'boolean', summary: 'should the run command be aborted?' },
    },
  },
  callbacks: {
    /** Asked where one of the two flags is given. */
    beforeCommand({ command, flags }, host) {
      host.log.info(`test: ${flags.test}`);
      return flags.abort ? { abort: { message: `aborting ${command} from the plugin` } } : undefined;
    },
    afterCommand({ command, exitCode }, host) {
      host.log.info(`${command} exits with ${exitCode}`);
    },
  },
});

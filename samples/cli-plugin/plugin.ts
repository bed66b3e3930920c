import { definePlugin } from '@bulkhead/plugin-sdk';

/** Adds a command of its own to bulkhead. */
export default definePlugin({
  name: 'example.com/cli-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'This is a short example CLI plugin for Bulkhead',
  commands: {
    'test-cmd': {
      summary: 'Test test',
      usage: '[FLAGS] ARGS...',
      examples: ['bulkhead test-cmd my test'],
      args: { min: 1 },
      flags: {
        upper: { type: 'boolean', short: 'u', summary: 'Print in upper case' },
        repeat: { type: 'integer', summary: 'How many times to print', default: 1 },
      },
      run({ args, flags }, host) {
        const line = `test-cmd is printing args: [${args.join(' ')}]`;
        for (let time = 0; time < flags.repeat; time += 1) host.print(flags.upper ? line.toUpperCase() : line);
      },
    },
    'exit-with': {
      summary: 'Exit with the code that is given',
      usage: 'CODE',
      args: { min: 1, max: 1 },
      run({ args: [code] }) {
        const exitCode = Number(code);
        return Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= 255 ? exitCode : 255;
      },
    },
  },
});

import { definePlugin } from '@bulkhead/plugin-sdk';

export default definePlugin({
  name: 'example.com/template',
  version: '0.1.0',
  author: 'Your name',
  description: 'Says hello, and gives containers a variable',
  // What it needs of the host; whoever installs it is asked for exactly this.
  permissions: { config: ['env'], env: ['USER'] },
  commands: {
    'hello-template': {
      summary: 'Say hello',
      args: [{ name: 'name' }],
      flags: { loud: { type: 'boolean', short: 'l', summary: 'Say it loudly' } },
      run({ args: [name], flags }, host) {
        const line = `Hello, ${name ?? host.env('USER') ?? 'you'}`;
        host.print(flags.loud ? `${line.toUpperCase()}!` : line);
      },
    },
  },
  callbacks: {
    engineConfig({ config }, host) {
      host.log.debug(`gives a variable to ${config.image}`);
      return { env: { GREETED_BY: 'example.com/template' } };
    },
  },
});

/** Compiled by `npm run types`, never run: what a plugin does not declare, it cannot write. */
import { definePlugin } from '@bulkhead/plugin-sdk';
import { expectType, validPlugin } from './expect-type.js';

/** What is declared can be used. */
definePlugin({
  ...validPlugin,
  permissions: {
    config: ['mounts', 'env'],
    env: ['SLURM_JOB_ID', 'USER'],
    readFile: ['/etc/site'],
    writeFile: ['/run/site'],
    fetch: ['registry.example.com'],
    exec: ['/usr/bin/squeue'],
    'container.signal': ['SIGUSR1'],
    'container.stats': ['pids'],
    syslog: ['local0'],
  },
  commands: {
    a: {
      summary: '',
      run: (_input, host) => host.print(host.env('USER') ?? ''),
    },
  },
  callbacks: {
    async engineConfig({ config }, host) {
      expectType<string | undefined>()(host.env('SLURM_JOB_ID'));
      expectType<string>()(await host.readFile('/etc/site/scratch'));
      await host.writeFile('/run/site/seen', config.image);
      expectType<string>()((await host.fetch('https://registry.example.com/v2/')).body);
      expectType<Uint8Array>()((await host.fetch('https://registry.example.com/v2/', { responseType: 'bytes' })).body);
      expectType<number | undefined>()((await host.exec('/usr/bin/squeue', ['--me'])).exitCode);
      // @ts-expect-error: permissions.exec does not name it
      await host.exec('/bin/sh', ['-c', 'squeue']);
      await host.container.signal('SIGUSR1');
      // @ts-expect-error: permissions['container.signal'] does not name it
      await host.container.signal('SIGKILL');
      expectType<number>()((await host.container.stats()).pids);
      // @ts-expect-error: permissions['container.stats'] does not name memory
      expectType<number>()((await host.container.stats()).memoryBytes);
      await host.syslog('x', { facility: 'local0' });
      // @ts-expect-error: permissions.syslog does not name it
      await host.syslog('x', { facility: 'user' });
      // @ts-expect-error: there is no such method
      await host.fetch('https://registry.example.com/v2/', { method: 'DELETE' });
      // @ts-expect-error: permissions.env does not name it
      host.env('HOME');
      if (config.readOnly) return;
      return { mounts: [{ type: 'bind', source: '/scratch', destination: '/scratch' }], env: { SCRATCH: '/scratch' } };
    },
  },
});

/** Nothing declared is nothing granted. */
definePlugin({
  ...validPlugin,
  commands: {
    a: {
      summary: '',
      async run(_input, host) {
        // @ts-expect-error: permissions.env names no variable
        host.env('HOME');
        // @ts-expect-error: permissions.syslog names no facility
        await host.syslog('x');
        // @ts-expect-error: permissions.readFile names no path
        await host.readFile('/etc/passwd');
        // @ts-expect-error: permissions.writeFile names no path
        await host.writeFile('/etc/passwd', '');
        // @ts-expect-error: permissions.fetch names no server
        await host.fetch('https://registry.example.com/');
      },
    },
  },
});
definePlugin({
  ...validPlugin,
  permissions: { config: ['env'] },
  callbacks: {
    // @ts-expect-error: permissions.config does not name `hostname`
    engineConfig: () => ({ hostname: 'node1' }),
  },
});
// @ts-expect-error: permissions.config names no field
definePlugin({ ...validPlugin, callbacks: { engineConfig: () => ({ env: {} }) } });

/** Only what the contract knows can be declared. */
// @ts-expect-error: there is no such permission
definePlugin({ ...validPlugin, permissions: { sockets: ['*'] } });
// @ts-expect-error: the configuration has no such field
definePlugin({ ...validPlugin, permissions: { config: ['runtime'] } });

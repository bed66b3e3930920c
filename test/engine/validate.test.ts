import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ContainerConfig, Mount } from '#engine/engine.js';
import { validateConfig } from '#engine/validate.js';

/** A valid configuration; a test changes the part it is about. */
function makeConfig(changes: Partial<ContainerConfig> = {}): ContainerConfig {
  return { image: './image', command: ['true'], env: {}, mounts: [], workingDirectory: '/', readOnly: false, ...changes };
}

describe('a configuration', () => {
  const refused: [title: string, changes: Partial<ContainerConfig>, code: string][] = [
    ['without a command', { command: [] }, 'COMMAND_INVALID'],
    ['with an empty command', { command: [''] }, 'COMMAND_INVALID'],
    ['with NUL in an argument', { command: ['true', 'a\0b'] }, 'COMMAND_INVALID'],
    ['with a variable that is no name', { env: { 'A;id': '' } }, 'ENV_INVALID'],
    ['with NUL in a value', { env: { A: '\0' } }, 'ENV_INVALID'],
    ['with a host name of 64 characters', { hostname: 'a'.repeat(64) }, 'HOSTNAME_INVALID'],
    ['with a host name that is an option', { hostname: '-b' }, 'HOSTNAME_INVALID'],
    ['with a source that is not there', { mounts: [{ type: 'bind', source: '/no/such', destination: '/x' }] }, 'MOUNT_SOURCE_MISSING'],
    ['with a relative source', { mounts: [{ type: 'bind', source: 'usr', destination: '/x' }] }, 'MOUNT_SOURCE_MISSING'],
    [
      'with two different mounts at a place',
      {
        mounts: [
          { type: 'tmpfs', destination: '/x' },
          { type: 'bind', source: '/usr', destination: '/x' },
        ],
      },
      'MOUNT_CONFLICT',
    ],
    ...[
      '/',
      'x',
      '',
      '/x/',
      '/x//y',
      '/x/../y',
      '/./x',
      '/x\n',
      '/proc',
      '/proc/sys',
      '/sys',
      '/sys/fs',
      '/dev',
      '/dev/pts',
      '/dev/pts/0',
      `/${'x'.repeat(4096)}`,
    ].map((destination): [string, Partial<ContainerConfig>, string] => [
      `with a mount at ${JSON.stringify(destination.slice(0, 20))}`,
      { mounts: [{ type: 'tmpfs', destination }] },
      'MOUNT_DESTINATION_INVALID',
    ]),
  ];
  for (const [title, changes, code] of refused) {
    it(`${title} is refused`, async () => {
      await assert.rejects(validateConfig(makeConfig(changes)), { code });
    });
  }

  it('with the longest host name, and with mounts below /dev and beside /proc, is accepted', async () => {
    const mounts: Mount[] = ['/dev/null', '/dev/shm', '/process', `/${'x'.repeat(4095)}`].map((destination) => ({
      type: 'tmpfs',
      destination,
    }));
    const config = makeConfig({ hostname: 'a'.repeat(63), mounts });
    assert.deepEqual(await validateConfig(config), config);
  });

  it('loses optional mounts without a source, and one of two that say the same', async () => {
    const usr: Mount = { type: 'bind', source: '/usr', destination: '/usr' };
    const mounts: Mount[] = [usr, { ...usr, readOnly: false }, { type: 'bind', source: '/no/such', destination: '/x', optional: true }];
    const { mounts: kept } = await validateConfig(makeConfig({ mounts }));
    assert.deepEqual(
      kept.map((mount) => mount.destination),
      ['/usr'],
    );
  });
});

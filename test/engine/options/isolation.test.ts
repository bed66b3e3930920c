import assert from 'node:assert/strict';
import { existsSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openControlGroup } from '#engine/limits/control-group.js';
import { needTool } from '../../helpers/need.js';
import { describeForEach } from '../fixtures/each-who.js';

describeForEach('the isolation of a container', (lab, who) => {
  const sh = (script: string, changes: Parameters<ReturnType<typeof lab>['run']>[0] = {}) =>
    lab().run({ ...changes, command: ['sh', '-c', script] });
  const refused = async (changes: Parameters<ReturnType<typeof lab>['run']>[0]): Promise<string> => {
    const { exitCode, stdout, stderr } = await sh('echo ran', changes);
    assert.deepEqual([exitCode, stdout], [255, ''], stderr);
    return stderr;
  };

  it('leaves it a loopback that is up, and nothing else, without a network', async function () {
    needTool(this, 'ip');
    const look =
      'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "; readlink /proc/self/ns/net; tail -n +2 /proc/net/route; cat /proc/net/if_inet6';
    const { stdout, stderr } = await sh(look, { options: { networks: ['none'] } });
    const [device, namespace, loopback = ''] = stdout.split('\n');
    assert.equal(device, 'lo', stderr);
    assert.notEqual(namespace, readlinkSync('/proc/self/ns/net'));
    // An address is there only once the device is up.
    if (existsSync('/proc/net/if_inet6')) assert.match(loopback, /^0{31}1 /);
    assert.equal((await sh('readlink /proc/self/ns/net')).stdout.trim(), readlinkSync('/proc/self/ns/net'));
    assert.match(await refused({ options: { networks: ['bridge'] } }), /^OPTION_INVALID .*host or none/);
  });

  it('has the name servers and hosts that were asked for, also where the image has a link', async () => {
    const image = join(lab().directory, 'linked');
    await mkdir(join(image, 'etc'), { recursive: true });
    await mkdir(join(image, 'run'), { recursive: true });
    await mkdir(join(image, 'usr'), { recursive: true });
    for (const name of ['bin', 'lib', 'lib64'])
      if (existsSync(`/${name}`)) await symlink(`usr/${name}`, join(image, name)).catch(() => undefined);
    await symlink('../run/resolver/resolv.conf', join(image, 'etc/resolv.conf')).catch(() => undefined);
    await writeFile(join(image, 'etc/hosts'), '10.1.1.1 old');
    const options = { dns: ['10.0.0.53,fd00::1'], dnsSearch: ['example.com'], hosts: ['db:10.0.0.7', 'six:fd00::2'] };
    const { stdout, stderr } = await lab().run({
      image,
      command: ['/usr/bin/cat', '/etc/resolv.conf', '/etc/hosts'],
      options,
    });
    assert.equal(
      stdout,
      'search example.com\nnameserver 10.0.0.53\nnameserver fd00::1\n10.1.1.1 old\n10.0.0.7\tdb\nfd00::2\tsix\n',
      stderr,
    );
    assert.equal(await readFile(join(image, 'etc/hosts'), 'utf8'), '10.1.1.1 old');
    assert.match(await refused({ options: { dns: ['example.com'] } }), /^OPTION_UNSUPPORTED .*not an IP address/);
    assert.match(await refused({ options: { hosts: ['a b:10.0.0.1'] } }), /^OPTION_UNSUPPORTED .*host name/);
  });

  it('shares the IPC and UTS namespaces with the host where that was asked for', async () => {
    const look = 'readlink /proc/self/ns/ipc /proc/self/ns/uts /proc/self/ns/pid; uname -n';
    const [own, shared] = [await sh(look), await sh(look, { options: { ipc: 'host', uts: 'host' } })];
    const host = ['ipc', 'uts', 'pid'].map((name) => readlinkSync(`/proc/self/ns/${name}`));
    assert.deepEqual(shared.stdout.split('\n').slice(0, 2), host.slice(0, 2), shared.stderr);
    assert.equal(shared.stdout.split('\n')[3], hostname());
    for (const namespace of own.stdout.split('\n').slice(0, 3)) assert.ok(!host.includes(namespace));
    assert.notEqual(shared.stdout.split('\n')[2], host[2]);
    assert.match(await refused({ options: { pid: 'host' } }), /^OPTION_INVALID .*always private/);
    assert.match(await refused({ hostname: 'boat', options: { uts: 'host' } }), /^OPTION_UNSUPPORTED .*hostname/);
  });

  it('shows devices of the host that were asked for, and no other file as one', async () => {
    const device = existsSync('/dev/fuse') ? '/dev/fuse' : '/dev/full';
    const { stdout, stderr } = await sh(`stat -c %F ${device} /dev/mine`, { options: { devices: [device, '/dev/zero:/dev/mine'] } });
    assert.equal(stdout, 'character special file\ncharacter special file\n', stderr);
    assert.match(await refused({ options: { devices: ['/etc/hostname'] } }), /^DEVICE_MISSING .*not a device/);
    assert.match(await refused({ options: { devices: ['/dev/no-such'] } }), /^DEVICE_MISSING .*no such device/);
  });

  it('shows the devices of a CDI specification, with its mounts and variables, and refuses what it cannot do', async () => {
    const directory = join(lab().directory, 'cdi');
    await mkdir(directory, { recursive: true });
    const spec = (edits: object) => ({
      cdiVersion: '0.6.0',
      kind: 'example.com/zero',
      containerEdits: { env: ['ZERO_ALL=1', 'BOTH=spec'] },
      devices: [
        { name: 'first', containerEdits: { deviceNodes: [{ path: '/dev/zero1', hostPath: '/dev/zero', type: 'c' }], ...edits } },
        { name: 'second', containerEdits: { deviceNodes: [{ path: '/dev/zero2', hostPath: '/dev/zero' }] } },
      ],
    });
    const file = join(directory, 'zero.json');
    const write = async (value: object) => {
      await writeFile(file, JSON.stringify(value));
      await chmod(file, 0o644);
      await lab().give(file);
    };
    await write(spec({ mounts: [{ hostPath: '/etc/hostname', containerPath: '/vendor/name', options: ['ro', 'nosuid', 'bind'] }] }));
    const all = ['example.com/zero=first', 'example.com/zero=second'];
    const { stdout, stderr } = await sh('echo $ZERO_ALL $BOTH; stat -c %F /dev/zero1 /dev/zero2; cat /vendor/name', {
      env: ['BOTH=user'],
      options: { devices: all },
    });
    const name = await readFile('/etc/hostname', 'utf8');
    assert.equal(stdout, `1 user\ncharacter special file\ncharacter special file\n${name}`, stderr);

    assert.match(await refused({ options: { devices: ['example.com/zero=third'] } }), /^CDI_DEVICE_UNKNOWN /);
    await writeFile(join(directory, 'other.yaml'), 'kind: example.com/other');
    assert.match(await refused({ options: { devices: ['example.com/other=a'] } }), /^CDI_DEVICE_UNKNOWN .*YAML is not read: .*other\.yaml/);
    await write(spec({ hooks: [{ hookName: 'createContainer', path: '/bin/sh' }] }));
    assert.match(await refused({ options: { devices: all } }), /^CDI_SPEC_INVALID .*hooks is not supported/);
    await write(spec({ mounts: [{ hostPath: '/etc', containerPath: '/proc/x' }] }));
    assert.match(await refused({ options: { devices: all } }), /^MOUNT_DESTINATION_INVALID /);
    await write({ kind: 'example.com/zero' });
    assert.match(await refused({ options: { devices: all } }), /^CDI_SPEC_INVALID /);
    await write(spec({}));
    await chmod(file, 0o666);
    assert.match(await refused({ options: { devices: all } }), /^CDI_SPEC_INVALID .*others may write/);
    await rm(directory, { recursive: true });
  });

  it('is held to its memory and processes by a control group, or says that it is not', async function () {
    const eat = 'head -c 100000000 /dev/zero | tail -c 90000000 | wc -c';
    const { stdout, stderr } = await sh(`${eat}; cat /proc/self/cgroup`, { options: { memory: '16M', pids: '64', cpus: '0.5' } });
    const isHeld = !stderr.includes('WARNING The limit of 16777216 bytes');
    if (who === 'root') assert.ok(isHeld || !existsSync('/sys/fs/cgroup/memory'), stderr);
    if (!isHeld) {
      assert.match(stderr, /^WARNING The limit of 16777216 bytes of memory is not held: /m);
      assert.match(stdout, /^90000000\n/);
      return;
    }
    assert.ok(!stdout.startsWith('90000000\n'), stdout);
    assert.match(stdout, /bulkhead-[a-z0-9]{12}\./);
    // Of the group nothing is left.
    const [, group = ''] = /(bulkhead-[a-z0-9.]+)/.exec(stdout) ?? [];
    assert.ok(!existsSync(`/sys/fs/cgroup/memory/${group}`) && !existsSync(`/sys/fs/cgroup/${group}`));
  });
});

describe('a control group', () => {
  const inTree = async (use: (root: string) => Promise<void>): Promise<void> => {
    const root = await mkdtemp(join(tmpdir(), 'cgroup-'));
    try {
      await use(root);
    } finally {
      await rm(root, { recursive: true });
    }
  };
  const write = async (root: string, files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), text);
    }
  };
  const open = (root: string, path: string, warnings: string[]) =>
    openControlGroup(
      { memoryBytes: 1_048_576, cpus: 1.5, pids: 10 },
      {
        name: 'k3v0a91xw2qm.1.2.3',
        isStale: (name) => name === 'dead',
        warn: (line) => void warnings.push(line),
        own: { mounts: `cgroup2 ${root} cgroup2 rw 0 0\n`, groups: `0::${path}\n` },
      },
    );

  it('is made in the nearest delegated group above the caller’s, which hands the controllers down', async () => {
    await inTree(async (root) => {
      await write(root, {
        'cgroup.controllers': 'cpu memory pids',
        'user/cgroup.controllers': 'cpu memory pids',
        'user/cgroup.subtree_control': 'cpu memory pids',
        'user/bulkhead-dead/.keep': '',
        'user/session/cgroup.controllers': '',
        'user/session/cgroup.subtree_control': '',
      });
      await rm(join(root, 'user/bulkhead-dead/.keep'));
      const warnings: string[] = [];
      const group = await open(root, '/user/session', warnings);
      await group.add(4711);
      const read = (file: string) => readFile(join(root, 'user/bulkhead-k3v0a91xw2qm.1.2.3', file), 'utf8');
      assert.deepEqual(warnings, []);
      assert.deepEqual(
        [await read('memory.max'), await read('cpu.max'), await read('pids.max'), await read('cgroup.procs')],
        ['1048576', '150000 100000', '10', '4711'],
      );
      assert.ok(!existsSync(join(root, 'user/bulkhead-dead')), 'what a killed owner left is removed');
    });
  });

  it('says of each limit why it is not held', async () => {
    await inTree(async (root) => {
      await write(root, { 'cgroup.controllers': 'memory', 'cgroup.subtree_control': 'memory' });
      const warnings: string[] = [];
      const group = await open(root, '/', warnings);
      assert.deepEqual(
        warnings.map((line) => line.replace(/:.*/, '')),
        ['The limit of 1.5 processors is not held', 'The limit of 10 processes is not held'],
      );
      await group.close().catch(() => undefined);
    });
  });
});

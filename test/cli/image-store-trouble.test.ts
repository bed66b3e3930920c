/** The image store on a disk that is full, and on one that may only be read. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { needRoot } from '../helpers/need.js';
import { makeImage, openFakeRegistry, type FakeRegistry } from '../images/registry/fixtures/fake-registry.js';

const LAYER_BYTES = 700_000;

describe('an image store in trouble', () => {
  let cli: Cli;
  let registry: FakeRegistry;
  beforeEach(async function () {
    needRoot(this);
    cli = await openCli();
    registry = await openFakeRegistry({ image: makeImage({ layers: 3, layerBytes: LAYER_BYTES }) });
  });
  afterEach(async () => {
    await registry?.close();
    await cli?.close();
  });

  /** In a mount namespace of its own, with a store in memory of this size. Answers with what was printed, part by part. */
  async function runBeside(size: string, script: string): Promise<string[]> {
    const store = join(cli.root, 'system/var/lib/bulkhead/image-store');
    await mkdir(store, { recursive: true });
    const bulkhead = `'${process.execPath}' '${join(repository, 'bin/run.js')}'`;
    const prelude = `store='${store}'; image='${registry.name}'; bulkhead() { ${bulkhead} "$@" 2>&1; }
      mount -t tmpfs -o size=${size},mode=700 tmpfs "$store" || exit 9; part() { printf '\\0'; }`;
    const [program, ...words] = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', `${prelude}\n${script}`] as const;
    const { stdout, exitCode } = await execa(program, words, { env: cli.env, extendEnv: false, reject: false });
    assert.equal(exitCode, 0, stdout);
    return stdout.split('\0').map((part) => part.trim());
  }

  it('that is full takes no image, says so, and is of use again when there is room', async () => {
    const [pulled = '', list = '', prune = '', blobs = '', again = '', inspect = ''] = await runBeside(
      '1m',
      `bulkhead image pull --quiet "$image"; echo "ended $?"; part
       bulkhead image list --json; part
       bulkhead image prune; part
       ls "$store"/names "$store"/partial "$store"/blobs/sha256 "$store"/staged "$store"/transactions "$store"/locks | grep -v : ; part
       mount -o remount,size=64m "$store"; bulkhead image pull --quiet "$image"; part
       bulkhead image inspect "$image"`,
    );
    assert.match(pulled, /Cannot write to the image store \S+: there is no room left\n +Try: df -h /);
    assert.match(pulled, /ended 255$/);
    assert.deepEqual(JSON.parse(list), { images: [], damaged: [] });
    assert.match(prune, /^Freed \d/);
    assert.equal(blobs, '', 'nothing stays, whole or half');
    assert.equal(again, registry.image.manifest.digest);
    assert.match(inspect, /^Name: docker:/);
  });

  it('that may only be read shows what it has, and says why it takes and gives nothing', async () => {
    const [, list = '', pull = '', remove = '', prune = '', after = ''] = await runBeside(
      '64m',
      `bulkhead image pull --quiet "$image"; part
       mount -o remount,ro "$store"
       bulkhead image list; part
       bulkhead image pull "$image"; echo "ended $?"; part
       bulkhead image remove "$image"; echo "ended $?"; part
       bulkhead image prune --all; echo "ended $?"; part
       mount -o remount,rw "$store"; bulkhead image remove --quiet "$image"`,
    );
    assert.match(list, new RegExp(registry.name));
    for (const said of [pull, remove, prune])
      assert.match(said, /Cannot write to the image store \S+: it may only be read\n +Try: findmnt --target \S+\nended 255$/);
    assert.equal(after, registry.name);
  });
});

import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openCli, repository, type Cli } from '../helpers/cli.js';
import { writeConfig } from '../helpers/policy.js';

const sample = (name: string) => join(repository, 'samples', name);
const name = 'example.com/cli-plugin';

interface Key {
  readonly fingerprint: string;
  readonly privateFile: string;
  readonly publicFile: string;
}

describe('signatures, as an operator uses them', function () {
  let cli: Cli;
  let file: string;
  beforeEach(async () => {
    cli = await openCli();
    file = await cli.compile(sample('cli-plugin'));
  });
  afterEach(() => cli.close());

  async function must(...argv: string[]) {
    const outcome = await cli.run(...argv);
    assert.equal(outcome.exitCode, 0, outcome.stderr);
    return outcome;
  }
  async function refused(argv: string[], why: RegExp, next: RegExp): Promise<void> {
    const { exitCode, stderr } = await cli.run(...argv);
    assert.equal(exitCode, 255, stderr);
    assert.match(stderr, why);
    assert.match(stderr, next);
  }
  async function generate(path: string, ...flags: string[]): Promise<Key> {
    return JSON.parse((await must('plugin', 'keys', 'generate', '--json', ...flags, join(cli.root, path))).stdout) as Key;
  }
  async function stateOf(what: string, ...flags: string[]): Promise<string> {
    const { exitCode, stdout } = await cli.run('plugin', 'verify', '--json', ...flags, what);
    const { state } = JSON.parse(stdout) as { state: string };
    assert.equal(exitCode, state === 'signed' ? 0 : 255);
    return state;
  }
  const sign = (key: Key, ...flags: string[]) => must('plugin', 'sign', '--key', key.privateFile, ...flags, file);

  it('makes keys that only their owner can read, and never in place of others', async () => {
    const key = await generate('site');
    assert.equal((await stat(key.privateFile)).mode & 0o777, 0o600);
    assert.equal((await stat(key.publicFile)).mode & 0o777, 0o644);
    assert.match(await readFile(key.privateFile, 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
    const before = await readFile(key.privateFile);
    await refused(['plugin', 'keys', 'generate', join(cli.root, 'site')], /there is a file already/, /Try: name another file/);
    assert.deepEqual(await readFile(key.privateFile), before);
  });

  it('tells each of the five states, in verify, inspect and list (apptainer 102)', async () => {
    const key = await generate('site');
    assert.equal(await stateOf(file), 'unsigned');
    await sign(key);
    assert.equal(await stateOf(file), 'untrusted');
    assert.equal(await stateOf(file, '--key', key.publicFile), 'signed');
    await must('plugin', 'keys', 'add', key.publicFile);
    assert.equal(await stateOf(file), 'signed');
    await must('plugin', 'install', '--grant-all', file);
    assert.equal(await stateOf(name), 'signed');
    const listed = JSON.parse((await must('plugin', 'list', '--json')).stdout) as {
      plugins: { signature: { state: string; signers: string[] } }[];
    };
    assert.deepEqual(listed.plugins[0]?.signature, { ...listed.plugins[0]?.signature, state: 'signed', signers: [key.fingerprint] });
    assert.match(
      (await must('plugin', 'inspect', name)).stdout,
      new RegExp(`^Signature: Signed by ${key.fingerprint.replaceAll('+', '\\+')}$`, 'm'),
    );
    await must('plugin', 'keys', 'revoke', 'site');
    assert.equal(await stateOf(file), 'revoked');
    assert.match((await must('plugin', 'list')).stderr, /is refused: it is signed by SHA256:.*, which is revoked/);
    const bytes = await readFile(file);
    bytes[33_000] = (bytes[33_000] ?? 0) ^ 1;
    await writeFile(file, bytes);
    assert.equal(await stateOf(file), 'modified');
    const { stdout } = await cli.run('plugin', 'verify', file);
    assert.match(
      stdout,
      /^example\.com\/cli-plugin \S+: Signature modified: signature object 5 not valid: data object integrity compromised: 1$/m,
    );
  });

  it('installs a signed package, and says by whom (apptainer 108)', async () => {
    const key = await generate('site');
    await sign(key);
    const stranger = await must('plugin', 'install', file);
    assert.match(stranger.stderr, /INFO: {4}Signature untrusted: it is signed by SHA256:/);
    assert.match((await must('test-cmd', 'a')).stdout, /printing args: \[a\]/);
    await must('plugin', 'keys', 'add', key.publicFile);
    assert.match((await must('plugin', 'install', file)).stderr, /INFO: {4}Signed by SHA256:/);
    const unsigned = await must('plugin', 'upgrade', await cli.compile(sample('cli-plugin')));
    assert.match(
      unsigned.stderr,
      /WARNING: What is installed of plugin "example\.com\/cli-plugin" is signed by SHA256:.*; this is unsigned/,
    );
  });

  it('takes encrypted keys with their passphrase, and says what is missing without (apptainer 100)', async () => {
    const passphrase = join(cli.root, 'passphrase');
    await writeFile(passphrase, 'correct horse\n');
    const key = await generate('locked', '--passphrase-file', passphrase);
    assert.match(await readFile(key.privateFile, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    const words = ['plugin', 'sign', '--key', key.privateFile];
    await refused([...words, file], /it is encrypted/, /Try: add --passphrase-file FILE/);
    await writeFile(join(cli.root, 'wrong'), 'incorrect horse\n');
    await refused([...words, '--passphrase-file', join(cli.root, 'wrong'), file], /the passphrase does not open it/, /FATAL/);
    assert.equal(await stateOf(file), 'unsigned');
    await sign(key, '--passphrase-file', passphrase);
    assert.equal(await stateOf(file, '--key', key.publicFile), 'signed');
  });

  it('does not sign twice with one key, nor what no longer fits, nor with what is no key', async () => {
    const [one, other] = [await generate('one'), await generate('other')];
    await refused(['plugin', 'sign', '--key', one.publicFile, file], /it is not a private key in PEM/, /Try: /);
    await refused(['plugin', 'sign', '--key', join(cli.root, 'none'), file], /Cannot read .*none: ENOENT/, /FATAL/);
    await sign(one);
    await refused(['plugin', 'sign', '--key', one.privateFile, file], /it is signed by SHA256:.* already/, /Try: bulkhead plugin verify/);
    await sign(other);
    assert.equal(await stateOf(file, '--key', other.publicFile), 'signed');
    const bytes = await readFile(file);
    bytes[33_000] = (bytes[33_000] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const third = await generate('third');
    await refused(
      ['plugin', 'sign', '--key', third.privateFile, file],
      /data object integrity compromised: 1/,
      /Try: bulkhead plugin compile/,
    );
  });

  it('refuses what the policy wants signed and is not, at install, at enable and at each use, with the mend', async () => {
    const key = await generate('site');
    await must('plugin', 'install', file);
    const signed = join(cli.root, 'signed.sif');
    await writeFile(signed, await readFile(file));
    await must('plugin', 'sign', '--key', key.privateFile, signed);
    await writeConfig(cli, '[policy]\nrequire-signature = true\n');
    const required = /the policy of this host requires a signature by a trusted key, and it has no signature/;
    const mend = /Try: as root: bulkhead plugin keys add PUBLIC_KEY.*bulkhead plugin sign --key KEY/;
    await refused(['plugin', 'install', file], required, mend);
    await refused(['test-cmd', 'a'], required, mend);
    assert.match((await must('plugin', 'list')).stderr, required);
    await must('plugin', 'disable', name);
    await refused(['plugin', 'enable', name], required, mend);
    await refused(
      ['plugin', 'upgrade', signed],
      /requires a signature by a trusted key, and it is signed by SHA256:.*, which is not among the trusted keys/,
      mend,
    );
    await must('plugin', 'keys', 'add', '--user', key.publicFile);
    await refused(['plugin', 'install', '--user', signed], /is not a key of the system's store/, mend);
    await must('plugin', 'keys', 'add', key.publicFile);
    await must('plugin', 'upgrade', signed);
    await must('plugin', 'enable', name);
    assert.match((await must('test-cmd', 'a')).stdout, /printing args/);
    await must('plugin', 'keys', 'revoke', key.fingerprint);
    await refused(['test-cmd', 'a'], /is signed by SHA256:.*, which is revoked/, /Try: get a version that is signed with another key/);
    await must('plugin', 'keys', 'remove', 'site');
    await must('plugin', 'keys', 'remove', '--user', 'site');
    await refused(['test-cmd', 'a'], required2, mend);
  });
  const required2 = /requires a signature by a trusted key, and it is signed by SHA256:.*, which is not among the trusted keys/;

  it('goes by the author’s key in the rules of the policy', async () => {
    const [ours, theirs] = [await generate('ours'), await generate('theirs')];
    await sign(theirs);
    await writeConfig(cli, `[[policy.deny]]\nkey = "${theirs.fingerprint}"\nbecause = "left the site"\n`);
    const denied = /is refused by the policy of this host: deny \*\* signed by SHA256:.* \(left the site\)/;
    await refused(['plugin', 'install', file], denied, /Try: /);
    await writeConfig(cli, `[[policy.allow]]\nplugin = "example.com/**"\nkey = "${ours.fingerprint}"\n`);
    await refused(['plugin', 'install', file], /no rule that allows plugins allows this one/, /Try: /);
    await sign(ours);
    // Named is not yet verified: the key must be known here.
    await refused(['plugin', 'install', file], /no rule that allows plugins allows this one/, /Try: /);
    await must('plugin', 'keys', 'add', ours.publicFile);
    await must('plugin', 'install', file);
    assert.match((await must('test-cmd', 'a')).stdout, /printing args/);
  });

  it('keeps the keys of everybody and one’s own apart', async () => {
    const [site, own] = [await generate('site'), await generate('own')];
    await must('plugin', 'keys', 'add', site.publicFile);
    await must('plugin', 'keys', 'add', '--user', '--name', 'mine', own.publicFile);
    assert.match((await must('plugin', 'keys', 'add', '--user', own.publicFile)).stderr, /There is already SHA256:.*, "mine"/);
    await refused(
      ['plugin', 'keys', 'add', '--name', 'site', own.publicFile],
      /there is a key "site" already, and it is another one/,
      /Try: add --name NAME/,
    );
    await refused(['plugin', 'keys', 'add', '--name', '../site', own.publicFile], /cannot be the name of a key/, /Try: add --name NAME/);
    await refused(['plugin', 'keys', 'add', own.privateFile], /it is a private key, and a public one is wanted/, /Try: openssl pkey/);
    await refused(['plugin', 'keys', 'remove', 'mine'], /there is no key "mine"/, /Try: bulkhead plugin keys list/);
    await must('plugin', 'keys', 'revoke', '--user', 'mine');
    assert.match((await must('plugin', 'keys', 'revoke', '--user', 'mine')).stderr, /already revoked/);
    await refused(['plugin', 'keys', 'add', '--user', own.publicFile], /was revoked, as "mine"/, /Try: bulkhead plugin keys remove mine/);
    const { stdout } = await must('plugin', 'keys', 'list');
    assert.deepEqual(
      stdout.split('\n').map((line) => line.split(/\s+/).filter((word) => !word.startsWith('SHA256:'))),
      [
        ['STATE', 'OF', 'FINGERPRINT', 'ALGORITHM', 'NAME'],
        ['trusted', 'system', 'Ed25519', 'site'],
        ['revoked', 'user', 'Ed25519', 'mine'],
      ],
    );
    await sign(own);
    await refused(['plugin', 'install', '--user', file], /which is revoked/, /Try: /);
  });

  it('takes a key of one’s own for one’s own plugins, and not for those of the system', async () => {
    const own = await generate('own');
    await must('plugin', 'keys', 'add', '--user', own.publicFile);
    await sign(own);
    await must('plugin', 'install', '--user', file);
    assert.equal(await stateOf(name), 'signed');
    await must('plugin', 'uninstall', '--user', name);
    await must('plugin', 'install', file);
    assert.equal(await stateOf(name), 'untrusted');
  });

  describe('with a store that cannot be trusted', () => {
    let store: string;
    beforeEach(async () => {
      const key = await generate('site');
      await must('plugin', 'keys', 'add', key.publicFile);
      await sign(key);
      store = join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/etc/bulkhead/keys');
    });

    const changes: Readonly<Record<string, [(store: string) => Promise<void>, RegExp]>> = {
      'others may write to a key': [(store) => chmod(join(store, 'site.pem'), 0o666), /site\.pem: others than its owner may write to it/],
      'others may write to the directory': [(store) => chmod(store, 0o777), /keys: others than its owner may write to it/],
      'a key is none': [(store) => writeFile(join(store, 'bad.pem'), 'no key'), /bad\.pem: .*it is not one public key in PEM/],
      'a revoked key cannot be read': [
        async (store) => {
          await mkdir(join(store, 'revoked'), { mode: 0o755 });
          await symlink('/nonexistent/none.pem', join(store, 'revoked', 'gone.pem'));
        },
        /gone\.pem: .*ENOENT/,
      ],
    };
    for (const [title, [change, why]] of Object.entries(changes))
      it(`refuses signed plugins where ${title}, and says so in keys list`, async () => {
        await change(store);
        await refused(['plugin', 'install', file], why, /Try: ls -ld .*bulkhead plugin keys list/);
        assert.match((await must('plugin', 'keys', 'list')).stderr, why);
        assert.equal((await cli.run('--help')).exitCode, 0);
      });

    it('goes on with plugins that nobody has signed', async () => {
      await chmod(dirname(join(store, 'x')), 0o777);
      await must('plugin', 'install', await cli.compile(sample('cli-plugin')));
      assert.match((await must('test-cmd', 'a')).stdout, /printing args/);
    });
  });
});

import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../src/wiring/settings.js';
import { findLine } from '../../src/wiring/toml.js';
import { needRoot } from '../helpers/need.js';

const uid = process.geteuid?.() ?? 0;

describe('bulkhead.toml', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkhead-settings-'));
    file = join(directory, 'bulkhead.toml');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function read(text: string) {
    await writeFile(file, text);
    await chmod(file, 0o644);
    return readSettings(file, uid);
  }
  const refuse = async (text: string, line: number, why: RegExp) => {
    await assert.rejects(read(text), ({ code, message }: { code: string; message: string }) => {
      assert.equal(code, 'CONFIG_FILE_INVALID');
      assert.ok(message.startsWith(`Cannot read ${file}:${line}: `), message);
      assert.match(message, why);
      return true;
    });
  };

  it('means the defaults where it is missing or empty', async () => {
    const defaults = {
      'version-lock': 'range',
      'required-plugins': [],
      'insecure-registries': [],
      budgets: {},
      policy: { audit: 'best-effort', 'require-signature': false, allow: [], deny: [], process: [] },
    };
    assert.deepEqual(await readSettings(join(directory, 'none.toml'), uid), defaults);
    assert.deepEqual(await read(''), defaults);
  });

  it('tells the rules of the policy', async () => {
    const text = `version-lock = "exact"
[policy]
audit = "required"
[[policy.deny]]
plugin = "example.com/**"
permission = "env:AWS_*"
because = "secret"
[[policy.allow]]
permission = "readFile:/data/*/in"
[[policy.process]]
plugin = "example.org/*"
`;
    assert.deepEqual(await read(text), {
      'version-lock': 'exact',
      'required-plugins': [],
      'insecure-registries': [],
      budgets: {},
      policy: {
        audit: 'required',
        'require-signature': false,
        deny: [{ plugin: 'example.com/**', permission: 'env:AWS_*', because: 'secret' }],
        allow: [{ permission: 'readFile:/data/*/in' }],
        process: [{ plugin: 'example.org/*' }],
      },
    });
  });

  it('tells the rules about signatures, and refuses what is no fingerprint', async () => {
    const key = `SHA256:${'a'.repeat(43)}`;
    const { policy } = await read(`[policy]\nrequire-signature = true\n[[policy.deny]]\nkey = "${key}"\n`);
    assert.equal(policy['require-signature'], true);
    assert.deepEqual(policy.deny, [{ key }]);
    for (const wrong of [key.slice(0, -1), `${key}a`, key.slice(7), `MD5:${key.slice(7)}`, `SHA256:${'*'.repeat(43)}`, ''])
      await refuse(`[[policy.allow]]\nkey = "${wrong}"\n`, 2, /policy\.allow\.0\.key: is not a fingerprint/);
  });

  it('tells the runtimes of the host, and refuses names and programs that are none', async () => {
    const { runtimes } = await read('[runtimes.site-crun]\npath = "/opt/crun/bin/crun"\nargs = ["--debug"]\nlike = "crun"\n');
    assert.deepEqual(runtimes, { 'site-crun': { path: '/opt/crun/bin/crun', args: ['--debug'], like: 'crun' } });
    await refuse('[runtimes.embedded]\npath = "/bin/x"\n', 1, /runtimes\.embedded/);
    await refuse('[runtimes."../x"]\npath = "/bin/x"\n', 1, /runtimes/);
    await refuse('[runtimes.x]\npath = "bin/x"\n', 2, /runtimes\.x\.path/);
    await refuse('[runtimes.x]\npath = "/bin/x"\nroot = "/"\n', 3, /runtimes\.x\.root: there is no such key/);
    await refuse('[runtimes.x]\nargs = []\n', 1, /runtimes\.x\.path/);
  });

  it('is refused with file and line where a key is unknown', async () => {
    await refuse('# comment\n\nversion-lok = "exact"\n', 3, /version-lok: there is no such key/);
    await refuse('[policy]\n\ndefault = "deny"\n', 3, /policy\.default: there is no such key/);
    await refuse(
      '[[policy.deny]]\nplugin = "a"\n[[policy.deny]]\nplugin = "b"\nauthor = "c"\n',
      5,
      /policy\.deny\.1\.author: there is no such key/,
    );
    await refuse('[policy]\ndeny = [\n  { plugin = "a" },\n  { plugn = "b" },\n]\n', 2, /policy\.deny\.1\.plugn/);
  });

  it('is refused with file and line where a value is wrong', async () => {
    await refuse('version-lock = "exactly"\n', 1, /version-lock/);
    await refuse('[policy]\n[[policy.deny]]\n', 2, /must name a plugin, a permission, a key/);
    await refuse('\n[policy]\ndeny = "all"\n', 3, /policy\.deny/);
    await refuse('[policy]\naudit = true\n', 2, /policy\.audit/);
    await refuse('[[policy.deny]]\npermission = "root"\n', 2, /must be a kind of permission/);
  });

  it('is refused with file and line where it is no TOML', async () => {
    await refuse('version-lock = "range"\n[policy\n', 2, /./);
    await refuse('a = 1\na = 2\n', 2, /./);
  });

  it('is refused where others may write to it', async () => {
    await read('');
    await chmod(file, 0o666);
    await assert.rejects(readSettings(file, uid), { code: 'CONFIG_FILE_INVALID', message: /others than its owner may write to it/ });
  });

  it('is refused where somebody else owns it', async function () {
    needRoot(this);
    await read('');
    await chown(file, 65534, 65534);
    await assert.rejects(readSettings(file, uid), { code: 'CONFIG_FILE_INVALID', message: /it belongs to user 65534/ });
  });

  it('is refused where it is no file', async () => {
    await assert.rejects(readSettings(directory, uid), { code: 'CONFIG_FILE_INVALID', message: /not a regular file/ });
  });
});

describe('the line of a value', () => {
  const text = 'a = 1\n\n# c\n[t]\nx = [\n  1,\n  2,\n]\n[[t.r]]\nk = """\nx = 1\n"""\n[[t.r]]\nk = 2\n';
  for (const [path, line] of [
    [[], 1],
    [['a'], 1],
    [['t', 'x'], 5],
    [['t', 'x', 1], 5],
    [['t', 'r', 0, 'k'], 10],
    [['t', 'r', 1], 13],
    [['t', 'r', 1, 'k'], 14],
    [['t', 'r', 1, 'missing'], 13],
  ] as const) {
    it(`at ${JSON.stringify(path)} is ${line}`, () => assert.equal(findLine(text, path), line));
  }
});

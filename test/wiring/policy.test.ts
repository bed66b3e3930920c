import assert from 'node:assert/strict';
import type { Manifest } from '../../src/package/package.js';
import { fits, fitsName, fitsServer, fitsValue } from '../../src/wiring/pattern.js';
import { isolationOf } from '../../src/wiring/isolation.js';
import { applyPolicy, findPermissionDenial, findPluginDenial, type Policy } from '../../src/wiring/policy.js';
import { cpuMs } from '../helpers/cpu.js';

const policy = (rules: Partial<Policy>): Policy => ({
  audit: 'best-effort',
  'require-signature': false,
  allow: [],
  deny: [],
  process: [],
  ...rules,
});
const plugin = 'example.com/a';

describe('patterns', () => {
  for (const [pattern, text, pattern1, both] of [
    ['a', 'a', true, true],
    ['a', 'ab', false, false],
    ['*', '', true, true],
    ['a*', 'a', true, true],
    ['a*c', 'abbc', true, true],
    ['a*c', 'abbcd', false, false],
    ['*b*', 'abc', true, true],
    ['', 'a', false, false],
    ['', '', true, true],
    ['evil.com', '*.com', false, true],
    ['*.com', '*.com', true, true],
    ['a*', '*b', false, true],
    ['a*', 'b*', false, false],
    ['*', '*', true, true],
  ] as const) {
    it(`${JSON.stringify(pattern)} ${pattern1 ? 'fits' : 'does not fit'} ${JSON.stringify(text)}, ${both ? 'can' : 'cannot'} share a text with it`, () => {
      assert.deepEqual([fits(pattern, text), fits(pattern, text, 'both')], [pattern1, both]);
    });
  }

  it('take no longer for a pattern made of stars', () => {
    const startedAtMs = cpuMs();
    assert.equal(fits(`${'*a'.repeat(60)}b`, 'a'.repeat(4000)), false);
    assert.ok(cpuMs() - startedAtMs < 5000);
  });

  for (const [pattern, name, expected] of [
    ['example.com/a', 'example.com/a', true],
    ['example.com/*', 'example.com/a', true],
    ['example.com/*', 'example.com/a/b', false],
    ['example.com/*', 'example.com', false],
    ['example.com/**', 'example.com/a/b', true],
    ['example.com/**', 'example.com', false],
    ['example.com/**', 'example.comx/a', false],
    ['*.com/a', 'example.com/a', true],
    ['*.com/a', 'x.org/b.com/a', false],
    ['**', 'anything/at/all', true],
    ['**', 'one', true],
  ] as const) {
    it(`of names: ${pattern} ${expected ? 'is' : 'is not'} about ${name}`, () => assert.equal(fitsName(pattern, name), expected));
  }

  for (const [pattern, value, touches, covers] of [
    ['/etc', '/etc', true, true],
    ['/etc', '/etc/shadow', true, true],
    ['/etc/shadow', '/etc', true, false],
    ['/etc/shadow', '/', true, false],
    ['/', '/etc', true, true],
    ['/etc', '/etcetera', false, false],
    ['/home/*/.ssh', '/home/ann', true, false],
    ['/home/*/.ssh', '/home/ann/.ssh/id', true, true],
    ['/home/*/.ssh', '/home/ann/src', false, false],
    ['*', '/etc', true, true],
    ['HOME', 'HOME', true, true],
    ['AWS_*', 'AWS_KEY', true, true],
    ['evil.example', '*.example', true, false],
    ['*.example', 'good.example', true, true],
  ] as const) {
    it(`of values: ${pattern} ${touches ? 'touches' : 'leaves alone'} ${value}${covers ? ', and covers it' : ''}`, () => {
      assert.deepEqual([fitsValue(pattern, value, 'touches'), fitsValue(pattern, value, 'covers')], [touches, covers]);
    });
  }

  for (const [pattern, value, touches, covers] of [
    ['example.com', 'example.com', true, true],
    ['example.com', 'example.com:443', true, true],
    ['example.com', 'example.com:8443', true, false],
    ['example.com', 'http://example.com', true, false],
    ['example.com', '*.example.com', false, false],
    ['evil.example.com', '*.example.com', true, false],
    ['*.example.com', '*.example.com', true, true],
    ['*.example.com', 'a.b.example.com:5000', true, false],
    ['example.com:5000', 'example.com', false, false],
    ['example.com:*', 'example.com:5000', true, true],
    ['http://example.com', 'example.com:80', false, false],
    ['http://example.com', 'http://example.com:80', true, true],
    ['[::1]', '[::1]:8443', true, false],
    ['[::1]', '[::1]', true, true],
    ['*', 'http://anything:1', true, true],
  ] as const) {
    it(`of servers: ${pattern} ${touches ? 'touches' : 'leaves alone'} ${value}${covers ? ', and covers it' : ''}`, () => {
      assert.deepEqual([fitsServer(pattern, value, 'touches'), fitsServer(pattern, value, 'covers')], [touches, covers]);
    });
  }
});

describe('a policy', () => {
  it('denies nothing where it is empty', () => {
    assert.equal(findPluginDenial(policy({}), plugin), undefined);
    assert.equal(findPermissionDenial(policy({}), plugin, 'readFile:/'), undefined);
  });

  it('denies a plugin by its pattern, says the rule and the reason, and leaves the others', () => {
    const one = policy({ deny: [{ plugin: 'example.com/*', because: 'not here' }] });
    assert.deepEqual(findPluginDenial(one, plugin), { rule: 'deny example.com/*', because: 'not here' });
    assert.equal(findPluginDenial(one, 'site.example/a'), undefined);
  });

  it('denies a permission to all, or to one, and the plugin may still be used', () => {
    const one = policy({ deny: [{ permission: 'env' }, { plugin, permission: 'config:mounts' }] });
    assert.deepEqual(findPermissionDenial(one, 'other', 'env:HOME'), { rule: 'deny env' });
    assert.deepEqual(findPermissionDenial(one, plugin, 'config:mounts'), { rule: 'deny config:mounts to example.com/a' });
    assert.equal(findPermissionDenial(one, 'other', 'config:mounts'), undefined);
    assert.equal(findPermissionDenial(one, plugin, 'config:env'), undefined);
    assert.equal(findPluginDenial(one, plugin), undefined);
  });

  it('with a rule that allows plugins denies all others', () => {
    const one = policy({ allow: [{ plugin: 'site.example/**' }] });
    assert.equal(findPluginDenial(one, 'site.example/a/b'), undefined);
    assert.match(findPluginDenial(one, plugin)?.rule ?? '', /no rule that allows plugins allows this one/);
  });

  it('with a rule that allows a permission denies all others of that kind, and of that kind alone', () => {
    const one = policy({ allow: [{ permission: 'readFile:/data' }, { plugin, permission: 'readFile:/srv' }] });
    assert.equal(findPermissionDenial(one, 'other', 'readFile:/data/x'), undefined);
    assert.equal(findPermissionDenial(one, plugin, 'readFile:/srv'), undefined);
    assert.match(findPermissionDenial(one, 'other', 'readFile:/srv')?.rule ?? '', /no rule that allows readFile/);
    assert.match(findPermissionDenial(one, plugin, 'readFile:/')?.rule ?? '', /no rule that allows readFile/);
    assert.equal(findPermissionDenial(one, plugin, 'env:HOME'), undefined);
    assert.equal(findPluginDenial(one, 'other'), undefined);
  });

  it('denies what it also allows', () => {
    const one = policy({ allow: [{ plugin }, { permission: 'env:HOME' }], deny: [{ plugin }, { permission: 'env:HOME' }] });
    assert.equal(findPluginDenial(one, plugin)?.rule, 'deny example.com/a');
    assert.equal(findPermissionDenial(one, plugin, 'env:HOME')?.rule, 'deny env:HOME');
  });

  it('goes by keys: a deny by those that the package names, an allow by trusted ones that have signed', () => {
    const [ours, theirs] = ['SHA256:ours', 'SHA256:theirs'];
    const signed = { name: plugin, signedBy: [ours], namedKeys: [ours] };
    const claimed = { name: plugin, signedBy: [], namedKeys: [ours] };
    const both = { name: plugin, signedBy: [ours], namedKeys: [ours, theirs] };
    const denying = policy({ deny: [{ key: theirs }] });
    assert.deepEqual([findPluginDenial(denying, signed), findPluginDenial(denying, plugin)], [undefined, undefined]);
    assert.equal(findPluginDenial(denying, both)?.rule, 'deny ** signed by SHA256:theirs');
    const allowing = policy({ allow: [{ key: ours }] });
    assert.equal(findPluginDenial(allowing, signed), undefined);
    for (const one of [claimed, plugin]) assert.match(findPluginDenial(allowing, one)?.rule ?? '', /no rule that allows plugins/);
    const named = policy({ allow: [{ plugin: 'site.example/*', key: ours }] });
    assert.ok(findPluginDenial(named, signed));
    assert.equal(findPluginDenial(named, { ...signed, name: 'site.example/a' }), undefined);
    assert.ok(findPluginDenial(named, 'site.example/a'));
  });

  it('goes by keys for permissions, too', () => {
    const ours = 'SHA256:ours';
    const signed = { name: plugin, signedBy: [ours], namedKeys: [ours] };
    const one = policy({ allow: [{ permission: 'exec', key: ours }], deny: [{ permission: 'env', plugin, key: ours }] });
    assert.equal(findPermissionDenial(one, signed, 'exec:/bin/ls'), undefined);
    assert.equal(findPermissionDenial(one, plugin, 'exec:/bin/ls')?.rule, 'no rule that allows exec allows this');
    assert.equal(findPermissionDenial(one, signed, 'env:HOME')?.rule, `deny env to ${plugin} signed by SHA256:ours`);
    assert.equal(findPermissionDenial(one, plugin, 'env:HOME'), undefined);
    assert.deepEqual(applyPolicy(one, signed, { exec: ['/bin/ls'], env: ['HOME'] }), { exec: ['/bin/ls'], env: [] });
    assert.deepEqual(applyPolicy(one, plugin, { exec: ['/bin/ls'], env: ['HOME'] }), { exec: [], env: ['HOME'] });
  });

  it('takes away from what was granted, and from nothing else', () => {
    const grants = { env: ['HOME', 'AWS_KEY'], readFile: ['/', '/data'], config: ['env' as const] };
    const one = policy({ deny: [{ permission: 'env:AWS_*' }, { permission: 'readFile:/etc' }] });
    assert.deepEqual(applyPolicy(one, plugin, grants), { env: ['HOME'], readFile: ['/data'], config: ['env'] });
  });

  it('gives a process of its own to those it names, whatever was chosen; else the choice counts, else what is asked for', () => {
    const named = policy({ process: [{ plugin: 'example.com/*' }] });
    const where = (
      rules: Policy,
      isolation: 'default' | 'thread' | 'process',
      permissions: object,
      name = plugin,
      isSigned = false,
    ): string => isolationOf(rules, { isolation, manifest: { name, permissions } as Manifest, isSigned });
    assert.equal(where(named, 'thread', {}), 'process');
    assert.equal(where(named, 'thread', {}, 'example.org/b'), 'thread');
    assert.equal(where(policy({ process: [{}] }), 'default', {}, 'anything'), 'process');
    assert.equal(where(policy({}), 'default', {}), 'thread');
    assert.equal(where(policy({}), 'default', { config: ['env'], readFile: [] }), 'thread');
    assert.equal(where(policy({}), 'default', { env: ['HOME'] }), 'process');
    assert.equal(where(policy({}), 'thread', { env: ['HOME'] }), 'thread');
    assert.equal(where(policy({}), 'default', { env: ['HOME'] }, plugin, true), 'thread');
    assert.equal(where(policy({}), 'process', { env: ['HOME'] }, plugin, true), 'process');
    assert.equal(where(named, 'default', { env: ['HOME'] }, plugin, true), 'process');
  });
});

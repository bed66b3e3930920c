import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatRegistryReference, parseRegistryReference } from '#images/registry/reference.js';

const digest = `sha256:${'a'.repeat(64)}`;

describe('references of registries', () => {
  const names: [string, string][] = [
    ['docker://busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['docker://docker.io/busybox', 'docker.io/library/busybox:latest'],
    ['docker://index.docker.io/bitnami/redis', 'docker.io/bitnami/redis:latest'],
    ['docker://team/tool', 'docker.io/team/tool:latest'],
    ['docker://quay.io/team/tool:v1', 'quay.io/team/tool:v1'],
    ['docker://localhost/tool', 'localhost/tool:latest'],
    ['docker://localhost:5000/a/b/c:1', 'localhost:5000/a/b/c:1'],
    ['docker://127.0.0.1:5000/a', '127.0.0.1:5000/a:latest'],
    ['docker://[::1]:5000/a:x', '[::1]:5000/a:x'],
    [`docker://ghcr.io/a/b@${digest}`, `ghcr.io/a/b@${digest}`],
    [`docker://ghcr.io/a/b:1@${digest}`, `ghcr.io/a/b:1@${digest}`],
    ['a__b/c-d.e', 'docker.io/a__b/c-d.e:latest'],
    [`ghcr.io/${'a'.repeat(255)}`, `ghcr.io/${'a'.repeat(255)}:latest`],
    [`ghcr.io/a:${'t'.repeat(128)}`, `ghcr.io/a:${'t'.repeat(128)}`],
    ['ghcr.io:65535/a', 'ghcr.io:65535/a:latest'],
  ];
  for (const [typed, name] of names)
    it(`reads ${typed.slice(0, 60)}`, () => {
      const reference = parseRegistryReference(typed);
      assert.equal(formatRegistryReference(reference), name);
      assert.deepEqual(parseRegistryReference(formatRegistryReference(reference)), reference);
    });

  it("connects to Docker's registry by its own name", () => {
    assert.equal(parseRegistryReference('busybox').host, 'registry-1.docker.io');
  });

  const refused = [
    '',
    'docker://',
    'docker://HOST.example/Team/tool',
    'docker://example.com/',
    'docker://example.com/../etc',
    'docker://example.com/a//b',
    'docker://example.com/a/.hidden',
    'docker://example.com/a:',
    'docker://example.com/a:-x',
    `docker://example.com/a:${'t'.repeat(129)}`,
    `docker://example.com/${'a'.repeat(256)}`,
    'docker://example.com/a@sha256:short',
    `docker://example.com/a@sha512:${'a'.repeat(128)}`,
    `docker://example.com/a@${digest.toUpperCase()}`,
    'docker://user:password@example.com/a',
    'docker://example.com:0/a',
    'docker://example.com:65536/a',
    'docker://example.com:99999999/a',
    'docker://exa_mple.com/a',
    'docker://-example.com/a',
    'docker://example..com/a',
    'docker://example.com/a?b',
    'docker://example.com/a#b',
    'docker://example.com/a b',
    'docker://example.com/a\u0000',
    'docker://exаmple.com/a',
    'docker://[::1/a',
    'docker://[zz]:1/a',
    'https://example.com/a',
    `docker://example.com/${'a/'.repeat(300)}a`,
  ];
  for (const typed of refused)
    it(`refuses ${JSON.stringify(typed.slice(0, 60))}`, () => {
      assert.throws(() => parseRegistryReference(typed), { code: 'REGISTRY_REFERENCE_INVALID' });
    });
});

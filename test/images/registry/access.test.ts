/** Who you are to a registry: what is sent, to whom, and to whom not. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { credentialPlaces, findCredentials, type CredentialPlaces } from '#images/registry/credentials.js';
import { parseChallenges } from '#images/registry/challenge.js';
import { answering, type FakeRegistryOptions } from './fixtures/fake-registry.js';
import { withRegistry } from './fixtures/pull-lab.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const never = new AbortController().signal;

let directory = '';
before(async () => void (directory = await mkdtemp(join(tmpdir(), 'registry-access-'))));
after(() => rm(directory, { recursive: true, force: true }));

/** A file of credentials, and where to look for it. */
async function keep(config: object | string, env: Record<string, string> = {}): Promise<CredentialPlaces> {
  const file = join(directory, 'config.json');
  await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
  // Not the caller's own: a directory there that may not be read changes why a program is not found.
  return { files: [file], env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...env } };
}

describe('asking a registry', () => {
  const known = { user: 'ann', password: 'p:ä' };
  const login = (host: string) => keep({ auths: { [host]: { auth: base64('ann:p:ä') } } });

  for (const access of ['basic', 'token'] as const) {
    it(`gives name and password (${access})`, () =>
      withRegistry({ access, ...known }, async ({ registry, pull }) => {
        await pull({ credentials: await login(registry.host) });
        const own = registry.seen.filter(({ path }) => path.startsWith('/v2/'));
        if (access === 'token') assert.ok(own.every(({ authorization }) => !authorization?.startsWith('Basic ')));
        assert.equal(registry.seen.filter(({ path }) => path.startsWith('/token')).length, access === 'token' ? 1 : 0);
      }));

    it(`says what to do where there are none, or wrong ones (${access})`, () =>
      withRegistry({ access, ...known }, async ({ registry, sink, pull }) => {
        const codes = { code: access === 'token' ? 'REGISTRY_TOKEN_REFUSED' : 'REGISTRY_DENIED', hint: /login 127/ };
        await assert.rejects(pull(), { ...codes, message: /wants credentials, and there are none/ });
        const wrong = await keep({ auths: { [registry.host]: { auth: base64('ann:wrong') } } });
        await assert.rejects(pull({ credentials: wrong }), (error: Error) => {
          assert.match(error.message, /refuses the credentials that were given/);
          assert.doesNotMatch(JSON.stringify(error), /wrong/);
          return true;
        });
        assert.equal(sink.whole.size, 0);
      }));
  }

  it('gets a token without being known, where nobody need be', () =>
    withRegistry({ access: 'token' }, async ({ registry, pull }) => {
      await pull();
      const [asked] = registry.seen.filter(({ path }) => path.startsWith('/token'));
      assert.equal(asked?.path, '/token?service=fake&scope=repository%3Ateam%2Ftool%3Apull');
      assert.equal(asked?.authorization, undefined);
    }));

  it('gets a token for an identity token, which goes to the realm alone', () =>
    withRegistry({ access: 'token', identityToken: 'identity-of-ann' }, async ({ registry, pull }) => {
      await pull({ credentials: await keep({ auths: { [registry.host]: { auth: '', identitytoken: 'identity-of-ann' } } }) });
      const told = registry.seen.filter((one) => JSON.stringify(one).includes('identity-of-ann'));
      assert.deepEqual(
        told.map(({ method, path }) => [method, path]),
        [['POST', '/token']],
      );
    }));

  it('gets a new token when the old one has run out, once for all requests', () =>
    withRegistry({ access: 'token' }, async ({ registry, pull }) => {
      let hasExpired = false;
      registry.fail(
        /blobs/,
        (_request, _response, serve) => {
          if (!hasExpired) registry.expireTokens();
          hasExpired = true;
          setTimeout(serve, 20);
        },
        3,
      );
      await pull();
      assert.equal(registry.seen.filter(({ path }) => path.startsWith('/token')).length, 2);
    }));

  it('does not ask for tokens for ever', () =>
    withRegistry({ access: 'token' }, async ({ registry, pull }) => {
      registry.fail(
        /\/v2\//,
        (_request, response) => response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` }).end(),
        100,
      );
      await assert.rejects(pull(), { code: 'REGISTRY_DENIED' });
      assert.ok(registry.seen.length < 8);
    }));

  it('asks again for a token where the realm is busy', () =>
    withRegistry({ access: 'token' }, async ({ registry, pull }) => {
      registry.fail(/token/, answering(503), 2);
      await pull();
    }));

  const realms: [string, string, RegExp][] = [
    ['another host without encryption', 'http://evil.invalid/token', /not encrypted/],
    ['a password', 'https://a:b@evil.invalid/token', /password in it/],
    ['a file', 'file:///etc/passwd', /not encrypted/],
    ['nothing', 'nothing', /where one is to be had/],
  ];
  for (const [what, realm, message] of realms)
    it(`gives nobody anything where the realm is ${what}`, () =>
      withRegistry({ access: 'token', realm, ...known }, async ({ registry, pull }) => {
        await assert.rejects(pull({ credentials: await login(registry.host) }), { code: 'REGISTRY_TOKEN_REFUSED', message });
        assert.ok(registry.seen.every(({ authorization }) => authorization === undefined));
      }));

  it('does not send credentials after a realm that sends elsewhere', () =>
    withRegistry({ access: 'token', ...known }, async ({ registry, pull }) => {
      registry.fail(/token/, (_request, response) =>
        response.writeHead(307, { location: `http://localhost:${registry.host.split(':')[1]}/elsewhere` }).end(),
      );
      await assert.rejects(pull({ credentials: await login(registry.host) }));
      const elsewhere = registry.seen.filter(({ path }) => path.startsWith('/elsewhere'));
      assert.equal(elsewhere.length, 1);
      assert.equal(elsewhere[0]?.authorization, undefined);
    }));

  const badTokens: [string, string][] = [
    ['no JSON', 'token'],
    ['no token', '{}'],
    ['a token that breaks the line', JSON.stringify({ token: 'a\r\nx-evil: 1' })],
    ['an endless token', JSON.stringify({ token: 'a'.repeat(40_000) })],
    ['more than a mebibyte', `"${'a'.repeat(1_100_000)}"`],
  ];
  for (const [what, body] of badTokens)
    it(`refuses ${what} as a token`, () =>
      withRegistry({ access: 'token' } satisfies FakeRegistryOptions, async ({ registry, pull }) => {
        registry.fail(/token/, (_request, response) => response.writeHead(200).end(body));
        await assert.rejects(pull(), { code: 'REGISTRY_TOKEN_REFUSED' });
      }));
});

describe('credentials', () => {
  const find = (places: CredentialPlaces, registry = 'example.com', repository = 'team/tool') =>
    findCredentials({ registry, repository }, places, never);
  const ann = { type: 'password', user: 'ann', password: 'secret' };
  const auth = base64('ann:secret');

  const keys: [string, string, string][] = [
    ['example.com', 'example.com', 'by host'],
    ['example.com:5000', 'example.com:5000', 'by host and port'],
    ['https://example.com/v2/', 'example.com', 'by an address, as Docker writes it'],
    ['example.com/team', 'example.com', 'by namespace'],
    ['example.com/team/tool', 'example.com', 'by name'],
    ['https://index.docker.io/v1/', 'docker.io', "by Docker's own address"],
    ['docker.io', 'docker.io', "by Docker's name"],
  ];
  for (const [key, registry, how] of keys)
    it(`are found ${how}`, async () => assert.deepEqual(await find(await keep({ auths: { [key]: { auth } } }), registry), ann));

  it('of the longest key win', async () => {
    const places = await keep({ auths: { 'example.com': { auth: base64('other:x') }, 'example.com/team': { auth } } });
    assert.deepEqual(await find(places), ann);
  });

  for (const key of ['example.com:443', 'example.co', 'evil-example.com', 'example.com/tea', 'http://other.com/example.com'])
    it(`of ${key} are not for example.com/team/tool`, async () =>
      assert.equal(await find(await keep({ auths: { [key]: { auth } } })), undefined));

  it('are looked for where Docker, Podman and Skopeo keep them, in order', () => {
    const { files } = credentialPlaces({ REGISTRY_AUTH_FILE: '/a.json', XDG_RUNTIME_DIR: '/run', DOCKER_CONFIG: '/docker' }, '/home/ann');
    assert.deepEqual(files, ['/a.json', '/run/containers/auth.json', '/home/ann/.config/containers/auth.json', '/docker/config.json']);
  });

  it('of a file that is empty, or not there, are none', async () => {
    assert.equal(await find({ files: [join(directory, 'none')], env: {} }), undefined);
    assert.equal(await find(await keep('')), undefined);
    assert.equal(await find(await keep({ HttpHeaders: { a: 'b' }, auths: { 'example.com': {} } })), undefined);
  });

  for (const [what, text] of [
    ['not JSON', '{'],
    ['of another form', '{"auths": []}'.replace('[]', '{"example.com": 1}')],
    ['without a colon', JSON.stringify({ auths: { 'example.com': { auth: base64('secret') } } })],
  ] as const)
    it(`of a file that is ${what} are an error that names the file, and no secret`, async () => {
      await assert.rejects(find(await keep(text)), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'REGISTRY_CREDENTIALS_UNUSABLE');
        assert.match(error.message, /config\.json/);
        assert.doesNotMatch(error.message, /secret|c2VjcmV0/);
        return true;
      });
    });

  describe('of a helper', () => {
    /** A program that answers so, on PATH. */
    async function withHelper(script: string, config: object = { credHelpers: { 'example.com': 'fake' } }): Promise<CredentialPlaces> {
      const bin = join(directory, 'bin');
      await mkdir(bin, { recursive: true });
      await writeFile(join(bin, 'docker-credential-fake'), `#!/bin/sh\n${script}\n`);
      await chmod(join(bin, 'docker-credential-fake'), 0o755);
      const places = await keep(config);
      return { ...places, env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, PLACE: directory } };
    }

    it('are what it answers to "get" and the name of the registry', async () => {
      const places = await withHelper(
        `[ "$1" = get ] && read -r name && printf '{"ServerURL":"%s","Username":"%s","Secret":"x"}' "$name" "$name"`,
      );
      assert.deepEqual(await find(places), { type: 'password', user: 'example.com', password: 'x' });
    });

    it('may be an identity token', async () => {
      const places = await withHelper(`cat >/dev/null; echo '{"Username":"<token>","Secret":"t"}'`, { credsStore: 'fake' });
      assert.deepEqual(await find(places), { type: 'identity', token: 't' });
    });

    it('are none where it knows of none', async () => {
      const places = await withHelper('cat >/dev/null; echo "credentials not found in native keychain"; exit 1');
      assert.equal(await find(places), undefined);
    });

    it('are not asked for other registries', async () => {
      assert.equal(await find(await withHelper('exit 7'), 'other.example'), undefined);
    });

    for (const [what, script] of [
      ['fails', 'exit 7'],
      ['answers nonsense', 'echo nonsense'],
      ['does not end', 'sleep 60 & sleep 60'],
      ['floods', 'yes'],
    ] as const)
      it(`that ${what} are an error that names it`, async () => {
        const places = { ...(await withHelper(script)), helperDeadlineMs: 500 };
        await assert.rejects(find(places), { code: 'REGISTRY_CREDENTIALS_UNUSABLE', message: /docker-credential-fake/ });
      });

    for (const name of ['../../bin/sh', 'a b', '-x', ''])
      it(`are not asked of "${name}"`, async () => {
        const places = await keep({ credHelpers: { 'example.com': name } });
        await assert.rejects(find(places), { code: 'REGISTRY_CREDENTIALS_UNUSABLE', message: /cannot be one/ });
      });

    it('that is not there are an error', async () => {
      const places = await keep({ credsStore: 'not-there' });
      await assert.rejects(find(places), { code: 'REGISTRY_CREDENTIALS_UNUSABLE', message: /docker-credential-not-there: ENOENT/ });
    });
  });
});

describe('challenges', () => {
  const read = (header: string) => parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

  it('are read as servers write them', () => {
    assert.deepEqual(read('Bearer realm="https://a/t",service="s",scope="repository:a:pull,push"'), [
      ['bearer', { realm: 'https://a/t', service: 's', scope: 'repository:a:pull,push' }],
    ]);
    assert.deepEqual(read('BASIC  Realm = "a \\"b\\"" , charset=UTF-8'), [['basic', { realm: 'a "b"', charset: 'UTF-8' }]]);
    assert.deepEqual(read('Negotiate, Basic realm="x", , Bearer realm=y'), [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
      ['bearer', { realm: 'y' }],
    ]);
  });

  it('that cannot be read are left out', () => {
    for (const header of ['', '"', 'a="b"', '=', `Bearer realm="${'x'.repeat(9000)}"`])
      assert.deepEqual(
        read(header).filter(([, value]) => Object.keys(value as object).length > 0),
        [],
      );
    assert.deepEqual(read('Bearer realm="open'), [['bearer', {}]]);
    assert.deepEqual(read('Bearer realm="a",realm="b"'), [['bearer', { realm: 'a' }]]);
  });
});

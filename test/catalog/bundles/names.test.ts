import assert from 'node:assert/strict';
import { endpointName, labelOf, startArguments, startEnvironment, type Bundle } from '#catalog/catalog.js';
import { choosePaths } from '#base/paths.js';
import { filterEnvironment, proxyKeys } from '#catalog/bundles/start.js';

const hydra: Bundle = {
  name: 'hydra',
  directory: '/usr/local/libexec/bulkhead/plugin/hydra',
  executable: '/usr/local/libexec/bulkhead/plugin/hydra/bin/hydra',
  abstract: 'abstract',
  author: 'Ann',
  services: { types: ['runtime', 'network'], loadAtBoot: true, runAtLoad: true, defaultArguments: ['start', 'with', 'params'] },
  settings: {},
};

describe('what a service is called', () => {
  it('its label has no type, and its instance where there is one (apple 49-51)', () => {
    assert.equal(labelOf('container-foo'), 'com.bulkhead.container-foo');
    assert.equal(labelOf('container-foo', '1'), 'com.bulkhead.container-foo.1');
    assert.equal(labelOf('hydra'), 'com.bulkhead.hydra');
    assert.equal(labelOf('hydra', '1'), 'com.bulkhead.hydra.1');
  });

  it('its endpoints have one, in the order declared (apple 50, 51)', () => {
    const endpoints = (instance?: string) => hydra.services?.types.map((type) => endpointName(type, hydra.name, instance));
    assert.deepEqual(endpoints(), ['runtime.hydra.sock', 'network.hydra.sock']);
    assert.deepEqual(endpoints('1'), ['runtime.hydra.1.sock', 'network.hydra.1.sock']);
    assert.equal(endpointName('runtime', 'linux-sandboxd'), 'runtime.linux-sandboxd.sock');
  });
});

describe('how the program of a service is started', () => {
  it('start, the resources, --debug, and its own arguments last', () => {
    const whole = { ...hydra, resources: '/r' };
    assert.deepEqual(startArguments(hydra), ['start', 'start', 'with', 'params']);
    assert.deepEqual(startArguments(whole, { arguments: ['start', '--uuid', 'c1'], debug: true }), [
      ...['start', '--uuid', 'c1', '--resources', '/r', '--debug'],
      ...['start', 'with', 'params'],
    ]);
  });

  it('--debug is there when it is asked for, and else not (apple 46-48)', () => {
    assert.equal(startArguments(hydra, { debug: true }).includes('--debug'), true);
    assert.equal(startArguments(hydra, { debug: false }).includes('--debug'), false);
    assert.equal(startArguments(hydra).includes('--debug'), false);
  });
});

describe('the environment of a service', () => {
  const env = { PATH: '/bin', HOME: '/home/ann', BULKHEAD_ROOT: '/x', BULKHEAD_DEBUG: '1', http_proxy: 'http://p', NO_PROXY: '*' };

  it('keeps bulkhead’s own variables alone where nothing else is allowed (apple 39)', () => {
    assert.deepEqual(filterEnvironment(env, []), { BULKHEAD_ROOT: '/x', BULKHEAD_DEBUG: '1' });
  });

  it('keeps the six of proxies (apple 40, 41)', () => {
    const proxies = Object.fromEntries(proxyKeys.map((key) => [key, 'p']));
    assert.equal(proxyKeys.length, 6);
    assert.deepEqual(filterEnvironment({ ...proxies, FTP_PROXY: 'p' }), proxies);
    assert.deepEqual(filterEnvironment(env), { BULKHEAD_ROOT: '/x', BULKHEAD_DEBUG: '1', http_proxy: 'http://p', NO_PROXY: '*' });
  });

  it('keeps what else is allowed (apple 42, 43)', () => {
    assert.deepEqual(filterEnvironment({ PATH: '/bin', LLVM_PROFILE_FILE: 'x' }, ['LLVM_PROFILE_FILE']), { LLVM_PROFILE_FILE: 'x' });
  });

  it('is empty where nothing fits (apple 44, 45)', () => {
    assert.deepEqual(filterEnvironment({}), {});
    assert.deepEqual(filterEnvironment({ PATH: '/bin', XBULKHEAD_ROOT: '/' }), {});
  });

  it('keeps no secret', () => {
    const secrets = ['TOKEN', 'REGISTRY_PASSWORD', 'KEY', 'SIGNING_KEY_FILE', 'AUTH', 'AWS_SECRET', 'passphrase', 'CREDENTIALS'];
    for (const name of secrets) assert.deepEqual(filterEnvironment({ [`BULKHEAD_${name}`]: 'x' }), {}, name);
    assert.deepEqual(filterEnvironment({ BULKHEAD_KEYBOARD: 'de', BULKHEAD_AUTHOR: 'x' }), {
      BULKHEAD_KEYBOARD: 'de',
      BULKHEAD_AUTHOR: 'x',
    });
  });

  it('has the roots, whatever the caller’s says (apple 53, 54, 56)', () => {
    const wrong = { BULKHEAD_APP_ROOT: 'x', BULKHEAD_INSTALL_ROOT: 'x', BULKHEAD_LOG_ROOT: 'x' };
    assert.deepEqual(startEnvironment(wrong, { app: '/a', install: '/i' }), { BULKHEAD_APP_ROOT: '/a', BULKHEAD_INSTALL_ROOT: '/i' });
    assert.deepEqual(startEnvironment({}, { app: '/a', install: '/i', log: '/l' }), {
      BULKHEAD_APP_ROOT: '/a',
      BULKHEAD_INSTALL_ROOT: '/i',
      BULKHEAD_LOG_ROOT: '/l',
    });
  });
});

describe('BULKHEAD_ROOT', () => {
  const system = (root: string | undefined): string => choosePaths({ env: { BULKHEAD_ROOT: root }, uid: 0, home: '/root' }).systemPlugins;
  const below = (root: string): string => `${root}/usr/local/libexec/bulkhead/plugin`;

  it('is the root of the system where it is not set, or empty (apple 1, 2, 9, 10)', () => {
    assert.equal(system(undefined), below(''));
    assert.equal(system(''), below(''));
  });

  it('is what it says where that is absolute, without . and .. (apple 3, 7, 8, 11, 12)', () => {
    assert.equal(system('/custom/root'), below('/custom/root'));
    assert.equal(system('/custom/../root'), below('/root'));
    assert.equal(system('/custom/./root'), below('/custom/root'));
  });

  it('goes by the directory in which bulkhead is started where it is not (apple 4, 5, 6)', () => {
    const here = process.cwd();
    assert.equal(system('data'), below(`${here}/data`));
    assert.equal(system('./data'), below(`${here}/data`));
    assert.equal(system('../sibling'), below(`${here.slice(0, here.lastIndexOf('/'))}/sibling`));
  });

  it('is where state is, in a directory of bulkhead’s name (apple 52, 53)', () => {
    const { state } = choosePaths({ env: {}, uid: 0, home: '/root' });
    assert.match(state, /^\/.*\/bulkhead$/);
  });
});

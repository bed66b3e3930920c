import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseBind, parseEnvironment } from '#engine/request.js';

describe('a typed bind', () => {
  const cases: [typed: string, source: string, destination: string, readOnly: boolean][] = [
    ['/data', '/data', '/data', false],
    ['/data:/mnt', '/data', '/mnt', false],
    ['/data:/mnt:ro', '/data', '/mnt', true],
    ['/data:/mnt:rw', '/data', '/mnt', false],
    ['data:/mnt//deep/', '/home/ann/data', '/mnt/deep', false],
    ['.', '/home/ann', '/home/ann', false],
  ];
  for (const [typed, source, destination, readOnly] of cases) {
    it(`${typed} is ${source} at ${destination}, ${readOnly ? 'read-only' : 'writable'}`, () => {
      assert.deepEqual(parseBind(typed, '/home/ann'), { type: 'bind', source, destination, readOnly });
    });
  }

  for (const typed of ['', ':/x', '/data:', '/data:mnt', '/data:/mnt:rx', '/a:/b:ro:x']) {
    it(`"${typed}" is refused`, () => {
      assert.throws(() => parseBind(typed, '/home/ann'), { code: 'BIND_INVALID' });
    });
  }
});

describe('a typed variable', () => {
  it('is a name and all behind the first "=", and the last of a name wins', () => {
    assert.deepEqual(parseEnvironment(['A=1', 'B=', 'C=a=b', 'A=2']), { A: '2', B: '', C: 'a=b' });
  });

  it('may be called as JavaScript’s own things are', () => {
    assert.deepEqual(Object.entries(parseEnvironment(['__proto__=x', 'constructor=y'])), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  for (const typed of ['A', '=x', '1A=x', 'A-B=x', 'A B=x', 'A;id=x', 'A=\0', `${'N'.repeat(257)}=x`]) {
    it(`${JSON.stringify(typed.slice(0, 20))} is refused`, () => {
      assert.throws(() => parseEnvironment([typed]), { code: 'ENV_INVALID' });
    });
  }
});

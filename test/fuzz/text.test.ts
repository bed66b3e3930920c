import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openLog } from '#base/log.js';
import { escapeControls, printable, shorten } from '#base/text.js';
import { holds, timeoutMs } from './fuzz.js';
import { nastyText } from './values.js';

/** By Unicode's own properties, not by the list that the product has: controls, line and paragraph separators, direction marks. */
const actedOn = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const withoutTabAndLine = (text: string): string => text.replaceAll(/[\t\n]/g, '');

describe('any text that is shown', function () {
  this.timeout(timeoutMs);

  it('has no character that a terminal acts on, but tab and line feed', () =>
    holds(
      fc.property(nastyText(), (text) => {
        assert.doesNotMatch(withoutTabAndLine(escapeControls(text)), actedOn);
        assert.equal(escapeControls(escapeControls(text)), escapeControls(text));
      }),
      { runs: 3000 },
    ));

  it('keeps every other character', () =>
    holds(
      fc.property(nastyText(), (text) => {
        const back = escapeControls(text).replaceAll(/\\u([0-9a-f]{4})/g, (_, digits: string) =>
          String.fromCharCode(Number.parseInt(digits, 16)),
        );
        assert.equal(back, text);
      }),
      { runs: 1000 },
    ));

  it('is one log line: what follows a line feed is indented, so that it cannot pass for a line of somebody else', () =>
    holds(
      fc.property(nastyText(), (text) => {
        let line = '';
        openLog({ write: (part) => (line += part) }).write('info', text);
        assert.ok(line.endsWith('\n'));
        const [first = '', ...more] = line.slice(0, -1).split('\n');
        assert.ok(first.startsWith('INFO:    '));
        for (const further of more) assert.match(further, /^ {9}/);
        assert.equal(line, `INFO:    ${printable(text)}\n`);
      }),
      { runs: 1000 },
    ));

  it('is the same value when it is JSON', () =>
    holds(
      fc.property(fc.jsonValue(), nastyText(), (value, text) => {
        const shown = escapeControls(JSON.stringify({ value, [text]: text }, null, 2));
        assert.deepEqual(JSON.parse(shown), JSON.parse(JSON.stringify({ value, [text]: text })));
      }),
      { runs: 1000 },
    ));

  it('is at most as long as it may be when it is shortened', () =>
    holds(
      fc.property(fc.string({ maxLength: 100 }), fc.integer({ min: 1, max: 100 }), (text, lengthMax) => {
        const short = shorten(text, lengthMax);
        assert.ok(short.length <= lengthMax);
        assert.ok(short === text || short === `${text.slice(0, lengthMax - 1)}…`);
      }),
      { runs: 500 },
    ));
});

import assert from 'node:assert/strict';
import { escapeCases, openSuite, type Suite } from '#selftest/selftest.js';

for (const isolation of ['thread', 'process'] as const) {
  describe(`a way out of a compartment, isolation ${isolation}`, () => {
    let suite: Suite;
    before(async () => (suite = await openSuite(isolation)));
    after(() => suite.close());

    for (const escape of escapeCases) {
      it(`is closed: ${escape.class}, ${escape.name}`, async () => {
        const { held, twinWorks, outcome, twinOutcome, broken } = await suite.try(escape);
        assert.deepEqual(broken, [], 'the host is not as it was');
        assert.ok(held, `what came of it: ${outcome}`);
        assert.ok(twinWorks, `what came of its twin: ${twinOutcome}`);
      });
    }
  });
}

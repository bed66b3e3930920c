import { definePlugin } from '@bulkhead/plugin-sdk';

interface Range {
  readonly first: number;
  readonly count: number;
}

/** Gives root in the container all the other users that the caller owns: what Apptainer's fakeroot does. */
export default definePlugin({
  name: 'example.com/fakeroot-plugin',
  version: '0.1.0',
  author: 'The Bulkhead Authors',
  description: 'Maps the subordinate ids of the caller for run --fakeroot',
  callbacks: {
    userMapping({ owned }, host) {
      if (owned.uids.length === 0 || owned.gids.length === 0) {
        host.log.info('you have no subordinate ids; root is the only user inside');
        return;
      }
      return { uids: inARow(owned.uids), gids: inARow(owned.gids) };
    },
  },
});

/** One behind the other, from 1 on: 0 is the caller. */
function inARow(owned: readonly Range[]) {
  let inside = 1;
  return owned.slice(0, 64).map(({ first, count }) => {
    const range = { inside, outside: first, count };
    inside += count;
    return range;
  });
}

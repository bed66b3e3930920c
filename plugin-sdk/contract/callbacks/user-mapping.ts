import * as v from 'valibot';
import { callback } from './callback.js';

/** A uid or gid; the last one means "none" to the kernel. */
const id = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(4_294_967_294));
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(4_294_967_294));
const owned = v.pipe(v.array(v.strictObject({ first: id, count: size })), v.maxLength(256));
/** `inside`, `inside + 1`, … in the container are `outside`, `outside + 1`, … on the host. 0 inside is the caller already. */
const ranges = v.pipe(v.array(v.strictObject({ inside: id, outside: id, count: size })), v.maxLength(64));

export const userMapping = callback({
  seedName: 'UserMapping',
  version: '1.0.0',
  when: 'an ordinary user wants to be root inside (--fakeroot)',
  answers: 'one',
  deadlineMs: 2_000,
  onFailure: 'stop',
  input: v.strictObject({
    uid: id,
    gid: id,
    /** What /etc/subuid and /etc/subgid give the caller; an answer cannot have more. */
    owned: v.strictObject({ uids: owned, gids: owned }),
  }),
  /** Nothing means that root inside, who is the caller, is the only user there. */
  output: v.optional(v.strictObject({ uids: ranges, gids: ranges })),
});

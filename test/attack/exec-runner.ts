/**
 * A program that runs another by the power `exec` until it is ended; the other writes its number to the file of the first argument.
 * Somebody else who listens to signals, and asks whether it is the only one, is here too, as in the product.
 */
import 'proper-lockfile';
import { exec } from '../../src/host/powers/exec.js';
import { callOf, contextOf } from '../helpers/powers.js';

const [, , file = ''] = process.argv;
await exec({ program: '/bin/sh', args: ['-c', `echo $$ > ${file}; sleep 60`] }, contextOf({ exec: ['/bin/sh'] }), callOf());

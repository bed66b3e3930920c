/**
 * dist/services/keeper.js: the program that the daemon starts for each service that runs, in a session of its own: it outlives the
 * daemon. It holds the service's sockets (descriptors from 3 on) while the program is started anew. SIGTERM ends both; SIGURG says
 * that somebody waits for it.
 */
import { EventEmitter } from 'node:events';
import { findJson } from '../json-file.js';
import { keepService } from './keep.js';
import { assignment, assignmentFile } from './state.js';

const [, , directory = ''] = process.argv;
const stop = new AbortController();
const asked = new EventEmitter<{ try: [] }>();
process.on('SIGTERM', () => stop.abort());
process.on('SIGURG', () => void asked.emit('try'));
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);

const told = await findJson(assignmentFile(directory), assignment);
if (told === undefined) throw new Error(`${assignmentFile(directory)} cannot be read`);
await keepService(directory, told, { stop: stop.signal, asked });

/** The other side of each round trip, in a worker thread of its own: answers every question with the same value. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { expose } from 'comlink';
import { serve } from '#wire/wire.js';

export interface EchoData {
  readonly kind: 'raw' | 'comlink' | 'gate';
  readonly port: MessagePort;
  readonly answer: unknown;
}

const { kind, port, answer } = workerData as EchoData;

if (kind === 'raw') port.on('message', ({ id }: { id: number }) => port.postMessage({ id, value: answer }));
else if (kind === 'comlink') expose({ echo: () => answer }, port as never);
else serve(port, { echo: () => answer }, failOnViolation);
// Known to be listening before the first question is timed.
parentPort?.postMessage('ready');

function failOnViolation(why: string): never {
  throw new Error(why);
}

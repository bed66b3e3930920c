/** Answers commands on the daemon's socket. */
import { renameSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { toPlainError } from '#base/plain-error.js';
import { calls, question, type CallInput, type CallName, type CallOutput, type Hello } from '../control.js';
import { serviceErrors } from '../errors.js';
import { openLines } from '../lines.js';

export type Answers = { readonly [Name in CallName]: (input: CallInput<Name>) => CallOutput<Name> | Promise<CallOutput<Name>> };

export interface Control {
  /** Takes no more commands; what was answered is still sent. */
  close(): void;
}

/** Under its name only once it listens: who finds it can connect. */
export async function serveControl(socketPath: string, hello: Hello, answers: Answers): Promise<Control> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    attend(socket, hello, answers);
  });
  const staged = join(dirname(socketPath), `.daemon-${process.pid}`);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: staged, backlog: 512 }, resolve);
  });
  renameSync(staged, socketPath);
  return {
    close() {
      server.close();
      // After the answers that are ready.
      setImmediate(() => open.forEach((socket) => socket.destroySoon()));
    },
  };
}

function attend(socket: Socket, hello: Hello, answers: Answers): void {
  const lines = openLines(socket, {
    onMessage(message) {
      const asked = v.safeParse(question, message);
      // Nobody of ours says such a thing.
      if (!asked.success) return void socket.destroy();
      const { id, call, input } = asked.output;
      return void answer(call, input, answers).then(
        (output) => lines.send({ id, answer: output }),
        (thrown: unknown) => lines.send({ id, fault: toPlainError(thrown) }),
      );
    },
    onClose: () => undefined,
  });
  lines.send(hello);
}

async function answer(call: string, input: unknown, answers: Answers): Promise<unknown> {
  if (!Object.hasOwn(calls, call)) throw serviceErrors.requestInvalid(`there is no call ${JSON.stringify(call)}`);
  const name = call as CallName;
  const checked = v.safeParse(calls[name].input, input, { abortEarly: true });
  if (!checked.success)
    throw serviceErrors.requestInvalid(`${call}: ${v.getDotPath(checked.issues[0]) ?? 'it'}: ${checked.issues[0].message}`);
  return answers[name](checked.output as never);
}

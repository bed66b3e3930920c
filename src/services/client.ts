/** The daemon, as a command sees it. */
import { connect, type Socket } from 'node:net';
import * as v from 'valibot';
import { systemCodeOf } from '#base/errors.js';
import { fromPlainError } from '#base/plain-error.js';
import { calls, hello as helloSchema, PROTOCOL, reply, type CallInput, type CallName, type CallOutput, type Hello } from './control.js';
import { serviceErrors } from './errors.js';
import { openLines } from './lines.js';
import { controlSocket, isRunDirectoryThere, type ServicePlaces } from './places.js';

const HELLO_MS = 10_000;
/** The longest that the daemon itself waits for anything: a service that is not ready, or does not end. */
const ANSWER_MS = 60_000;

export interface DaemonConnection {
  readonly hello: Hello;
  /** Rejects with what the daemon says, where it is gone, and where it is late. */
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutput<Name>>;
  /** Resolves when the daemon's end is closed. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Undefined where none runs, or one is just ending. Throws SERVICES_NO_DAEMON where something else answers, and SERVICES_PLACE_UNSAFE. Nothing is told of whether it fits. */
export async function findDaemon(places: ServicePlaces): Promise<DaemonConnection | undefined> {
  const path = controlSocket(places);
  if (!(await isRunDirectoryThere(places))) return undefined;
  const socket = await connectTo(path).catch((thrown: unknown) => {
    if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(systemCodeOf(thrown) ?? '')) return undefined;
    throw serviceErrors.notADaemon(path, systemCodeOf(thrown) ?? 'it cannot be reached');
  });
  return socket && (await converse(socket, path));
}

/** The daemon of this root and of this version. Throws SERVICES_NOT_RUNNING, SERVICES_OTHER_ROOT, SERVICES_OTHER_VERSION. */
export async function openDaemon(places: ServicePlaces, version: string | undefined): Promise<DaemonConnection> {
  const daemon = await findDaemon(places);
  if (daemon === undefined) throw serviceErrors.notRunning(controlSocket(places));
  try {
    requireOurs(daemon.hello, places, version);
    return daemon;
  } catch (thrown) {
    daemon.close();
    throw thrown;
  }
}

/** The version counts where it is given; that of the messages does always. */
export function requireOurs(hello: Hello, places: ServicePlaces, version: string | undefined): void {
  const { kept, run, pluginState } = hello.places;
  if (kept !== places.kept || run !== places.run || pluginState !== places.pluginState) throw serviceErrors.otherRoot(hello.places, places);
  if (hello.protocol !== PROTOCOL || (version !== undefined && hello.version !== version)) {
    throw serviceErrors.otherVersion(`${hello.version}, messages ${hello.protocol}`, `${version ?? 'another'}, messages ${PROTOCOL}`);
  }
}

export function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

interface Pending {
  readonly name: CallName;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (why: Error) => void;
}

async function converse(socket: Socket, path: string): Promise<DaemonConnection | undefined> {
  const pending = new Map<number, Pending>();
  let count = 0;
  let tellHello: (message: unknown) => void = () => undefined;
  let isKnown = false;
  let tellClosed = (): void => undefined;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => (tellClosed = resolve));
  const first = new Promise<unknown>((resolve) => (tellHello = resolve));

  const lines = openLines(socket, {
    onMessage(message) {
      if (!isKnown) {
        isKnown = true;
        return tellHello(message);
      }
      const parsed = v.safeParse(reply, message);
      if (!parsed.success) return void socket.destroy();
      const { output } = parsed;
      const waiting = pending.get(output.id);
      pending.delete(output.id);
      if (waiting === undefined) return undefined;
      if ('fault' in output) return waiting.reject(fromPlainError(output.fault));
      const answer = v.safeParse(calls[waiting.name].output, output.answer);
      if (answer.success) waiting.resolve(answer.output);
      else waiting.reject(serviceErrors.requestInvalid(`${waiting.name}: ${answer.issues[0].message}`));
    },
    onClose() {
      isClosed = true;
      tellHello(undefined);
      for (const { name, reject } of pending.values()) reject(serviceErrors.daemonLost(name));
      pending.clear();
      tellClosed();
    },
  });

  const timer = setTimeout(() => tellHello(undefined), HELLO_MS);
  const message = await first;
  clearTimeout(timer);
  if (isClosed && !isKnown && socket.bytesRead === 0) return undefined;
  const said = v.safeParse(helloSchema, message);
  if (!said.success) {
    socket.destroy();
    throw serviceErrors.notADaemon(path, `it does not say who it is: ${said.issues[0].message}`);
  }
  return {
    hello: said.output,
    async call(name, input) {
      if (isClosed) throw serviceErrors.daemonLost(name);
      const id = (count += 1);
      const answered = new Promise<unknown>((resolve, reject) => pending.set(id, { name, resolve, reject }));
      const deadline = setTimeout(() => pending.get(id)?.reject(serviceErrors.daemonLate(name, ANSWER_MS)), ANSWER_MS);
      lines.send({ id, call: name, input });
      try {
        return (await answered) as CallOutput<typeof name>;
      } finally {
        clearTimeout(deadline);
        pending.delete(id);
      }
    },
    closed,
    close: () => lines.close(),
  };
}

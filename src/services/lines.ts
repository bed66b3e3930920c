/** Lines of JSON over a socket. What comes in is bounded, and nothing that it says is believed here. */
import type { Socket } from 'node:net';
import { parseBoundedJson } from '#base/bounded-json.js';

const LINE_BYTES_MAX = 1_048_576;
const LINE_FEED = 0x0a;

export interface Lines {
  send(message: object): void;
  close(): void;
}

/** `onMessage` is called for each line; one that is too long or no JSON ends the connection. `onClose` is called once. */
export function openLines(socket: Socket, { onMessage, onClose }: { onMessage: (message: unknown) => void; onClose: () => void }): Lines {
  let begun: Buffer[] = [];
  let begunBytes = 0;

  function take(line: Buffer): void {
    const parsed = parseBoundedJson(line);
    if (parsed.parsed) onMessage(parsed.value);
    else socket.destroy();
  }

  socket.on('data', (bytes: Buffer) => {
    for (let start = 0; start < bytes.length && !socket.destroyed;) {
      const end = bytes.indexOf(LINE_FEED, start);
      const part = bytes.subarray(start, end < 0 ? bytes.length : end);
      if (begunBytes + part.length > LINE_BYTES_MAX) return void socket.destroy();
      begun.push(part);
      begunBytes += part.length;
      if (end < 0) return;
      const line = Buffer.concat(begun);
      begun = [];
      begunBytes = 0;
      start = end + 1;
      take(line);
    }
  });
  socket.on('error', () => undefined);
  socket.once('close', onClose);
  return {
    send: (message) => void (socket.writable && socket.write(`${JSON.stringify(message)}\n`)),
    close: () => void socket.end(),
  };
}

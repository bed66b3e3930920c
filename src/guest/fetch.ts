import type { PowerInput, PowerOutput } from '@bulkhead/plugin-sdk/contract';

type Input = PowerInput<'fetch'>;
type Output = PowerOutput<'fetch'>;

const bodyMaxBytes = 1_048_576;

/** `host.fetch` as authors write it, around the power, whose bodies are text, or bytes as a character each. Throws what the host would refuse before it is copied. */
export async function fetchAsWritten(ask: (input: Input) => Promise<Output>, url: string, options: unknown): Promise<object> {
  const { method = 'GET', headers = {}, body, responseType = 'text' } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const answer = await ask({
    url,
    // The host's schema judges these: no other value passes it.
    method: method as Input['method'],
    responseType: responseType as Input['responseType'],
    headers: Object.fromEntries(Object.entries(headers as object).map(([name, value]) => [name.toLowerCase(), String(value)])),
    ...(body !== undefined && { body: writeBody(body) }),
  });
  const told = harden({ status: answer.status, url: answer.url, headers: answer.headers });
  // Bytes cannot be frozen, and harden would look at each of them: a body of 1 MiB took more memory than a compartment has.
  return Object.freeze({ ...told, body: readBody(answer.body) });
}

function writeBody(body: unknown): Input['body'] {
  if (typeof body === 'string') return { type: 'text', text: body };
  if (!(body instanceof Uint8Array)) throw new TypeError('The body of a request must be text or a Uint8Array');
  // A copy, which has no methods of the plugin's. One byte too many is enough for the host to say so.
  return { type: 'bytes', characters: charactersOf(new Uint8Array(body).subarray(0, bodyMaxBytes + 1)) };
}

function readBody(body: Output['body']): string | Uint8Array {
  return body.type === 'text' ? body.text : bytesOf(body.characters);
}

/** This is the inverse of `bytesOf`. */
function charactersOf(bytes: Uint8Array): string {
  let characters = '';
  // Each byte is an argument, of which a call takes only so many.
  for (let at = 0; at < bytes.length; at += 8192) characters += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return characters;
}

function bytesOf(characters: string): Uint8Array {
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
  return bytes;
}

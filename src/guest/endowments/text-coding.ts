/**
 * `TextEncoder` and `TextDecoder`, for UTF-8: classes of our own around Node's, so that no object and no error of Node's is
 * handed out. What Node's read and give is copied.
 */
const NativeEncoder = TextEncoder;
const NativeDecoder = TextDecoder;

const labels = ['utf-8', 'utf8', 'unicode-1-1-utf-8'];

export function makeTextCoding(): { TextEncoder: unknown; TextDecoder: unknown } {
  class TextEncoder {
    readonly #native = new NativeEncoder();

    get encoding(): string {
      return 'utf-8';
    }
    encode(text: unknown = ''): Uint8Array {
      return new Uint8Array(this.#native.encode(String(text)));
    }
    encodeInto(text: unknown, target: unknown): { read: number; written: number } {
      if (!(target instanceof Uint8Array)) throw new TypeError('The target must be a Uint8Array');
      const source = String(text);
      const bytes = new Uint8Array(bytesOf(target).length);
      const { read, written } = this.#native.encodeInto(source, bytes);
      target.set(bytes.subarray(0, written));
      return { read, written };
    }
  }

  class TextDecoder {
    readonly #native: InstanceType<typeof NativeDecoder>;
    readonly #fatal: boolean;
    readonly #ignoreBOM: boolean;

    constructor(label: unknown = 'utf-8', options: { fatal?: unknown; ignoreBOM?: unknown } = {}) {
      if (!labels.includes(String(label).trim().toLowerCase())) throw new RangeError('There is no decoder but for utf-8');
      this.#fatal = Boolean(options.fatal);
      this.#ignoreBOM = Boolean(options.ignoreBOM);
      this.#native = new NativeDecoder('utf-8', { fatal: this.#fatal, ignoreBOM: this.#ignoreBOM });
    }
    get encoding(): string {
      return 'utf-8';
    }
    get fatal(): boolean {
      return this.#fatal;
    }
    get ignoreBOM(): boolean {
      return this.#ignoreBOM;
    }
    decode(bytes?: unknown, options: { stream?: unknown } = {}): string {
      const copy = bytes === undefined ? new Uint8Array() : bytesOf(bytes).slice();
      const stream = Boolean(options.stream);
      try {
        return this.#native.decode(copy, { stream });
      } catch {
        throw new TypeError('The encoded data is not valid UTF-8');
      }
    }
  }

  // The bundler renames classes that hide a global.
  Object.defineProperty(TextEncoder, 'name', { value: 'TextEncoder' });
  Object.defineProperty(TextDecoder, 'name', { value: 'TextDecoder' });
  return harden({ TextEncoder, TextDecoder });
}

const ofTyped = gettersOf(Object.getPrototypeOf(Uint8Array.prototype) as object);
const ofDataView = gettersOf(DataView.prototype);

/** The bytes of a buffer or a view. Reads them past members of the same names that the view may have of its own. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) throw new TypeError('The bytes must be an ArrayBuffer or a view of one');
  const get = value instanceof DataView ? ofDataView : ofTyped;
  return new Uint8Array(get('buffer', value) as ArrayBuffer, get('byteOffset', value) as number, get('byteLength', value) as number);
}

function gettersOf(prototype: object): (name: string, view: object) => unknown {
  return (name, view) => {
    const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
    return getter === undefined ? undefined : (Reflect.apply(getter, view, []) as unknown);
  };
}

/**
 * `URL` and `URLSearchParams`: classes of our own around Node's parser. Only text goes in and out; what Node throws is replaced.
 */
const NativeURL = URL;
const NativeParams = URLSearchParams;
type NativeParams = InstanceType<typeof NativeParams>;
type Pair = [name: string, value: string];

/** Marks the constructor's argument as Node's own, which no plugin has. */
const wrapped = Symbol('wrapped');

class Params {
  readonly #native: NativeParams;

  constructor(init: unknown = '', mark?: unknown) {
    this.#native = mark === wrapped ? (init as NativeParams) : new NativeParams(pairsOf(init));
  }
  get size(): number {
    return [...this.#native].length;
  }
  append(name: unknown, value: unknown): void {
    this.#native.append(String(name), String(value));
  }
  delete(name: unknown): void {
    this.#native.delete(String(name));
  }
  get(name: unknown): string | null {
    return this.#native.get(String(name));
  }
  getAll(name: unknown): string[] {
    return [...this.#native.getAll(String(name))];
  }
  has(name: unknown): boolean {
    return this.#native.has(String(name));
  }
  set(name: unknown, value: unknown): void {
    this.#native.set(String(name), String(value));
  }
  sort(): void {
    this.#native.sort();
  }
  forEach(each: (value: string, name: string, all: Params) => unknown): void {
    for (const [name, value] of this.#pairs()) each(value, name, this);
  }
  entries(): IterableIterator<Pair> {
    return this.#pairs().values();
  }
  keys(): IterableIterator<string> {
    return this.#pairs()
      .map(([name]) => name)
      .values();
  }
  values(): IterableIterator<string> {
    return this.#pairs()
      .map(([, value]) => value)
      .values();
  }
  [Symbol.iterator](): IterableIterator<Pair> {
    return this.entries();
  }
  toString(): string {
    return this.#native.toString();
  }
  /** An array of ours: Node's iterator has a prototype of Node's. */
  #pairs(): Pair[] {
    return [...this.#native].map(([name, value]) => [name, value]);
  }
}

class Url {
  readonly #native: InstanceType<typeof NativeURL>;
  readonly #params: Params;

  constructor(url: unknown, base?: unknown) {
    this.#native = parse(String(url), base === undefined ? undefined : String(base));
    this.#params = new Params(this.#native.searchParams, wrapped);
  }
  static canParse(url: unknown, base?: unknown): boolean {
    return NativeURL.canParse(String(url), base === undefined ? undefined : String(base));
  }
  get searchParams(): Params {
    return this.#params;
  }
  get origin(): string {
    return this.#native.origin;
  }
  get href(): string {
    return this.#native.href;
  }
  set href(value: unknown) {
    const text = String(value);
    parse(text, undefined);
    this.#native.href = text;
  }
  get protocol(): string {
    return this.#native.protocol;
  }
  set protocol(value: unknown) {
    this.#native.protocol = String(value);
  }
  get username(): string {
    return this.#native.username;
  }
  set username(value: unknown) {
    this.#native.username = String(value);
  }
  get password(): string {
    return this.#native.password;
  }
  set password(value: unknown) {
    this.#native.password = String(value);
  }
  get host(): string {
    return this.#native.host;
  }
  set host(value: unknown) {
    this.#native.host = String(value);
  }
  get hostname(): string {
    return this.#native.hostname;
  }
  set hostname(value: unknown) {
    this.#native.hostname = String(value);
  }
  get port(): string {
    return this.#native.port;
  }
  set port(value: unknown) {
    this.#native.port = String(value);
  }
  get pathname(): string {
    return this.#native.pathname;
  }
  set pathname(value: unknown) {
    this.#native.pathname = String(value);
  }
  get search(): string {
    return this.#native.search;
  }
  set search(value: unknown) {
    this.#native.search = String(value);
  }
  get hash(): string {
    return this.#native.hash;
  }
  set hash(value: unknown) {
    this.#native.hash = String(value);
  }
  toString(): string {
    return this.#native.href;
  }
  toJSON(): string {
    return this.#native.href;
  }
}

export function makeUrl(): { URL: unknown; URLSearchParams: unknown } {
  for (const [of, name] of [
    [Url, 'URL'],
    [Params, 'URLSearchParams'],
  ] as const)
    Object.defineProperty(of, 'name', { value: name });
  return harden({ URL: Url, URLSearchParams: Params });
}

function parse(url: string, base: string | undefined): InstanceType<typeof NativeURL> {
  try {
    return new NativeURL(url, base);
  } catch {
    throw new TypeError('Invalid URL');
  }
}

/** Text, pairs or a record, read once and made text. */
function pairsOf(init: unknown): string | Pair[] {
  if (typeof init !== 'object' || init === null) return String(init);
  const pairs = Symbol.iterator in init ? [...(init as Iterable<unknown>)] : Object.entries(init);
  return pairs.map((pair) => {
    const [name, value, ...more] = [...(pair as Iterable<unknown>)];
    if (value === undefined || more.length > 0) throw new TypeError('Each pair must be a name and a value');
    return [String(name), String(value)];
  });
}

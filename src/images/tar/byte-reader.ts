/** Takes bytes of a stream as they are needed. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** So many bytes, fewer only where the stream ends. They are valid until the next call. */
  async take(length: number): Promise<Buffer> {
    if (this.#chunk.length - this.#at >= length) return this.#slice(length);
    const pieces: Buffer[] = [];
    for (let missing = length; missing > 0;) {
      const piece = await this.next(missing);
      if (piece === undefined) break;
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** What is there next, at most so many bytes and at least one. Undefined at the end. */
  async next(lengthMax: number): Promise<Buffer | undefined> {
    while (this.#at === this.#chunk.length) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#chunk = next.value;
      this.#at = 0;
    }
    return this.#slice(Math.min(lengthMax, this.#chunk.length - this.#at));
  }

  /** Answers whether so many bytes were there. */
  async skip(length: number): Promise<boolean> {
    for (let missing = length; missing > 0;) {
      const piece = await this.next(missing);
      if (piece === undefined) return false;
      missing -= piece.length;
    }
    return true;
  }

  async drain(): Promise<void> {
    while ((await this.next(Number.MAX_SAFE_INTEGER)) !== undefined);
  }

  #slice(length: number): Buffer {
    const slice = this.#chunk.subarray(this.#at, this.#at + length);
    this.#at += length;
    return slice;
  }
}

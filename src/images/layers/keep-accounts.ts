/** Copies an image's /etc/passwd and /etc/group beside its root, so that users can be asked for by name before anything is mounted. */
import { chmodSync, copyFileSync, lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNTS_BYTES_MAX } from '#base/account-rows.js';
import type { ContentPart } from '../tar/read.js';
import type { RootTarget } from './merge.js';

const KEPT: Readonly<Partial<Record<string, string>>> = { 'etc/passwd': 'passwd', 'etc/group': 'group' };

/** `directory` is there, and of this command alone. What nobody would read is passed over. */
export function keepAccounts(target: RootTarget, directory: string): RootTarget {
  return {
    ...target,
    file(path, node, content) {
      const name = KEPT[path];
      if (name === undefined || node.sizeBytes > ACCOUNTS_BYTES_MAX) return target.file(path, node, content);
      const whole = Buffer.alloc(node.sizeBytes);
      return target.file(path, node, copying(content, whole)).then(() => writeFileSync(join(directory, name), whole, { mode: 0o600 }));
    },
  };
}

/** The same of a root that is a directory: made by this command alone, and with all links that it shall have. */
export function copyAccounts(image: string, directory: string): void {
  if (lstatSync(join(image, 'etc'), { throwIfNoEntry: false })?.isDirectory() !== true) return;
  for (const [path, name = ''] of Object.entries(KEPT)) {
    const found = lstatSync(join(image, path), { throwIfNoEntry: false });
    if (found?.isFile() === true && found.size <= ACCOUNTS_BYTES_MAX) {
      copyFileSync(join(image, path), join(directory, name));
      chmodSync(join(directory, name), 0o600);
    }
  }
}

async function* copying(content: AsyncIterable<ContentPart>, whole: Buffer): AsyncGenerator<ContentPart> {
  for await (const part of content) {
    part.bytes.copy(whole, part.offset);
    yield part;
  }
}

import { createHash } from 'node:crypto';

/** What stands for a name in a path: a name from outside never becomes one. Hexadecimal, 64 characters. */
export function hashName(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

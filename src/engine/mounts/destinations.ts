/** Where mounts may go. Checked on what was asked for, and again on where the image's symbolic links lead. */
import { mountDestinationInvalid } from '../errors.js';

const CANONICAL = /^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[^/\0\r\n]+)+)$/;

/** Absolute, without `.`, `..`, `//`, NUL or line breaks, no trailing slash, at most 4096 characters. */
export function isCanonicalPath(path: string): boolean {
  return path.length <= 4096 && CANONICAL.test(path);
}

/** `asked` is what the message names; `path` is where it leads. */
export function refuseDestination(path: string, asked: string = path): void {
  if (!isCanonicalPath(path)) throw mountDestinationInvalid(asked, 'the path must be absolute, without ".", ".." and "//"');
  if (path === '/') throw mountDestinationInvalid(asked, 'the root is the image');
  if (isInside(path, '/proc') || isInside(path, '/sys'))
    throw mountDestinationInvalid(asked, `it leads into ${path}, which belongs to the kernel`);
  if (path === '/dev' || isInside(path, '/dev/pts'))
    throw mountDestinationInvalid(asked, `Bulkhead makes ${path} itself; mount single devices below /dev`);
}

/** Whether `path` is `directory` or below it. */
export function isInside(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

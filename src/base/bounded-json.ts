/** Deep enough for what Bulkhead keeps as JSON (seven levels); a parser, or a check of what it gives, may recurse. */
const DEPTH_MAX = 32;

export type JsonResult = { readonly parsed: true; readonly value: unknown } | { readonly parsed: false; readonly why: string };

/** Parses JSON from outside: UTF-8 without a byte order mark, bounded depth, and no key that could reach a prototype. */
export function parseBoundedJson(bytes: Uint8Array): JsonResult {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { parsed: false, why: 'it is not UTF-8' };
  }
  if (measureDepth(text) > DEPTH_MAX) return { parsed: false, why: `it is nested more than ${DEPTH_MAX} levels deep` };
  try {
    return { parsed: true, value: JSON.parse(text, refusePrototypeKeys) as unknown };
  } catch (error) {
    return { parsed: false, why: error instanceof ForbiddenKey ? error.message : 'it is not JSON' };
  }
}

class ForbiddenKey extends Error {}

/** valibot leaves these keys out without a word; here they are an answer. */
function refusePrototypeKeys(key: string, value: unknown): unknown {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype') throw new ForbiddenKey(`key "${key}" is not allowed`);
  return value;
}

/** Brackets outside strings; exact for valid JSON, and for anything else the parser has the last word. Linear, unlike a pattern. */
function measureDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\' && inString) index++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth--;
  }
  return deepest;
}

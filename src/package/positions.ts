import { SourceMap, type SourceMapPayload } from 'node:module';

/** The first place in the author's own files that a stack of the bundled script names, as `src/plugin.ts:12:5`. */
export function locateInSource(stack: string | undefined, sourceMap: Uint8Array | undefined): string | undefined {
  if (stack === undefined || sourceMap === undefined) return undefined;
  const position = /plugin:[^\n]*?:(\d+):(\d+)\)?$/m.exec(stack);
  if (position === null) return undefined;
  const entry = readSourceMap(sourceMap)?.findEntry(Number(position[1]) - 1, Number(position[2]) - 1);
  if (entry === undefined || !('originalSource' in entry)) return undefined;
  return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

/** The map comes out of a package, so that it may be anything; without one there is just no position. */
function readSourceMap(bytes: Uint8Array): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(new TextDecoder().decode(bytes)) as SourceMapPayload);
  } catch {
    return undefined;
  }
}

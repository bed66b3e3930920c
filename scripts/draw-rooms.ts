/**
 * `npm run rooms:draw`: draws who imports whom, as dependency-cruiser found it, into docs/rooms.md. With `--check` it writes
 * nothing and fails where the drawing is no longer true; `npm run rooms` does that.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

const root = fileURLToPath(new URL('..', import.meta.url));
const drawingFile = `${root}/docs/rooms.md`;
const cruiser = `${root}/node_modules/dependency-cruiser/bin/dependency-cruise.mjs`;

const cruise = v.object({
  modules: v.array(v.object({ source: v.string(), dependencies: v.array(v.object({ resolved: v.string() })) })),
});
type Cruise = v.InferOutput<typeof cruise>;

function main(): void {
  const drawing = drawRooms(cruiseSources());
  if (!process.argv.includes('--check')) {
    writeFileSync(drawingFile, drawing);
  } else if (readDrawing() !== drawing) {
    console.error('docs/rooms.md no longer shows who imports whom. Look whether you want that, then: npm run rooms:draw');
    process.exitCode = 1;
  }
}

function cruiseSources(): Cruise {
  const json = execFileSync(process.execPath, [cruiser, 'src', 'plugin-sdk', '--output-type', 'json'], {
    cwd: root,
    maxBuffer: 64 * 1024 ** 2,
  });
  return v.parse(cruise, JSON.parse(json.toString()));
}

function readDrawing(): string {
  try {
    return readFileSync(drawingFile, 'utf8');
  } catch {
    return '';
  }
}

function drawRooms({ modules }: Cruise): string {
  const arrows = new Set(
    modules.flatMap(({ source, dependencies }) => dependencies.flatMap(({ resolved }) => drawArrow(source, resolved))),
  );
  return `<!-- Written by \`npm run rooms:draw\`; do not edit. The rules are in .dependency-cruiser.cjs. -->

# Who imports whom

\`\`\`mermaid
flowchart TD
${[...arrows].toSorted().join('\n')}
\`\`\`
`;
}

function drawArrow(source: string, target: string): string[] {
  const [from, to] = [roomOf(source), roomOf(target)];
  return from && to && from !== to ? [`  ${from} --> ${to}`] : [];
}

/** `src/sif/header.ts` is in sif, `plugin-sdk/contract/shapes.ts` in contract, `plugin-sdk/host.ts` in sdk; a package is in no room. */
function roomOf(path: string): string | undefined {
  const [, room] = /^(?:src|plugin-sdk)\/([^/]+)\//.exec(path) ?? [];
  return room ?? (path.startsWith('plugin-sdk/') ? 'sdk' : undefined);
}

main();

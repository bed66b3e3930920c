/**
 * A program for at-once.test.ts: `install-program DIRECTORY NAME@VERSION…` installs all of them at once and prints, as JSON, what
 * became of each: `installed`, or the code of the error.
 */
import { BulkheadError } from '#base/errors.js';
import { install, type TestPlace } from './builder.js';

async function main([path = '', ...plugins]: readonly string[]): Promise<void> {
  const place: TestPlace = {
    user: { path, scope: 'user' },
    system: { path: `${path}-none`, scope: 'system' },
    remove: () => Promise.resolve(),
  };
  const outcomes = await Promise.all(
    plugins.map(async (plugin) => {
      const [name = '', version = ''] = plugin.split('@');
      const outcome = await install(place, { name, version }).then(() => 'installed', codeOf);
      return [plugin, outcome] as const;
    }),
  );
  process.stdout.write(JSON.stringify(outcomes));
}

function codeOf(error: unknown): string {
  if (error instanceof BulkheadError) return error.code;
  throw error;
}

void main(process.argv.slice(2));

import { Args } from '@oclif/core';
import { reportError } from './output/report.js';

/** What a container is called on a command line; commands that take several are not strict. */
export const containerArgs = {
  container: Args.string({ required: true, ignoreStdin: true, description: 'name or id of a container, or the beginning of an id' }),
};

/**
 * Does it to all at once, and says what came of it in the order in which they were named: the text that it answers, or the name as
 * it was typed. What fails for one is said too, and changes nothing for the others.
 */
export async function forEachContainer(
  names: readonly string[],
  act: (name: string) => Promise<unknown>,
  print: (line: string) => void,
): Promise<void> {
  const works = names.map(async (name) => {
    const answer = await act(name);
    return typeof answer === 'string' ? answer : name;
  });
  for (const work of works) work.catch(() => undefined);
  for (const work of works) {
    try {
      print(await work);
    } catch (error) {
      process.exitCode = reportError(error);
    }
  }
}

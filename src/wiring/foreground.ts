/**
 * The record of a container in the foreground, whose monitor is this very process:
 *
 *      without a name   RUN/containers, written while the command runs already, removed when it has ended
 *      with a name      STATE/containers, there before anything begins, kept unless it has --rm
 */
import { messageOf } from '#base/errors.js';
import { createRecord, referToProcess, removeRecord, requireLabels, sweepPassing, type ContainerPlace } from '#containers/containers.js';
import type { ContainerReach, RunOptions, RunResult } from '#engine/engine.js';
import { openJournal, type Journal } from '#monitor/monitor.js';
import { keptOptions } from './machine-options.js';
import type { NewContainer } from './new-container.js';
import type { Scene } from './scene.js';

export interface Recorded {
  readonly args: readonly string[];
  readonly told: NewContainer;
}

/** Does the work, and tells it whom to tell that the command runs. What cannot be written down is said, and ends no run without a name. */
export async function withRecord(
  scene: Scene,
  recorded: Recorded,
  work: (
    reach: (container: ContainerReach) => void,
    options: Pick<RunOptions, 'id' | 'writableDirectory' | 'record'>,
  ) => Promise<RunResult>,
): Promise<RunResult> {
  // Without a name it is written down only when it runs.
  requireLabels(recorded.told.labels ?? {});
  return recorded.told.name === undefined ? withPassing(scene, recorded, work) : withKept(scene, recorded, work);
}

type Work = Parameters<typeof withRecord>[2];

async function withPassing(scene: Scene, { args, told }: Recorded, work: Work): Promise<RunResult> {
  let written: Promise<ContainerPlace | undefined> | undefined;
  const write = async ({ id, init, command }: ContainerReach): Promise<ContainerPlace | undefined> => {
    const [image = '', ...words] = args;
    const state = {
      status: 'running' as const,
      monitor: referToProcess(process.pid),
      init: referToProcess(init.pid),
      command: referToProcess(command.pid),
      startedAt: new Date().toISOString(),
    };
    const record = { ...told, id, image, command: words, autoRemove: true };
    try {
      await sweepPassing(scene.paths.containers);
      return await createRecord(scene.paths.containers, record, { isKept: false, state });
    } catch (thrown) {
      scene.log.write('warning', `No other command sees this container: ${messageOf(thrown)}`);
      return undefined;
    }
  };
  try {
    return await work((container) => void (written = write(container)), {});
  } finally {
    const place = await written;
    if (place !== undefined) await removeRecord(place);
  }
}

async function withKept(scene: Scene, { args, told }: Recorded, work: Work): Promise<RunResult> {
  const [image = '', ...command] = args;
  const place = await createRecord(
    scene.paths.containers,
    { ...told, image, command },
    { isKept: true, state: { status: 'starting', monitor: referToProcess(process.pid) } },
  );
  const journal = openJournal(place, scene.log);
  journal.starting();
  let hasRun = false;
  const reach = (container: ContainerReach): void => {
    hasRun = true;
    journal.running(container);
  };
  try {
    const result = await work(reach, { id: place.id, ...keptOptions(place, told) });
    journal.stopped({ exitCode: result.exitCode });
    return result;
  } catch (thrown) {
    journal.stopped({ exitCode: EXIT_REFUSED, reason: messageOf(thrown) });
    throw thrown;
  } finally {
    await finish(place, journal, told.autoRemove || !hasRun);
  }
}

/** As the command line has it for what bulkhead itself refuses. */
const EXIT_REFUSED = 255;

async function finish(place: ContainerPlace, journal: Journal, isGone: boolean): Promise<void> {
  await journal.flush();
  if (isGone) await removeRecord(place);
}

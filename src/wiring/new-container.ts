import type { ContainerRecord } from '#containers/containers.js';

/** What a container is made with, beside image and command. */
export type NewContainer = Pick<ContainerRecord, 'name' | 'labels' | 'autoRemove' | 'tty' | 'interactive' | 'runtime' | 'invocation'>;

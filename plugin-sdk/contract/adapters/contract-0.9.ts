/**
 * Contract 0.9: the configuration had `binds`, and no other mounts; a container was told without its data. It knew two of today's
 * callbacks, and the powers env and readFile.
 */
import * as v from 'valibot';
import type { ConfigChanges, ContainerConfig } from '../container-config.js';
import { absolutePath, commandLine, envName, envValue, hostname, text, type Container } from '../shapes.js';
import { adapted, type Adapter } from './adapter.js';

const binds = v.pipe(
  v.array(v.strictObject({ source: absolutePath, destination: absolutePath, readOnly: v.optional(v.boolean()) })),
  v.maxLength(256),
);
const env = v.pipe(v.record(envName, envValue), v.maxEntries(4096));

const config = v.strictObject({
  image: text,
  command: commandLine,
  env,
  binds,
  hostname: v.optional(hostname),
  workingDirectory: absolutePath,
  readOnly: v.boolean(),
});

const changes = v.strictObject({
  binds: v.optional(binds),
  env: v.optional(env),
  command: v.optional(v.pipe(commandLine, v.minLength(1))),
  hostname: v.optional(hostname),
  workingDirectory: v.optional(absolutePath),
  readOnly: v.optional(v.boolean()),
});

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const container = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9]{12}$/)),
  image: text,
  command: commandLine,
  pid: count,
  startedAt: v.pipe(v.number(), v.minValue(0)),
  uid: count,
});

export const contract09: Adapter = {
  generation: '0.9',
  stamp: {
    version: '0.9.0',
    digest: 'sha256:c8dfe054d185eabcb70851650bbc5e787da82123970a5295b1ef8115971531ea',
    callbacks: { engineConfig: '0.9.0', postStartProcess: '0.9.0' },
    powers: { env: '0.9.0', readFile: '0.9.0' },
  },
  callbacks: {
    engineConfig: adapted({
      input: v.strictObject({ config }),
      output: v.optional(changes),
      toPlugin: ({ config: now }: { config: ContainerConfig }) => ({ config: narrowConfig(now) }),
      toHost: (answer) => answer && widenChanges(answer),
    }),
    postStartProcess: adapted({
      input: v.strictObject({ container }),
      output: v.undefined(),
      toPlugin: ({ container: { id, image, command, pid, startedAt, uid } }: { container: Container }) => ({
        container: { id, image, command, pid, startedAt, uid },
      }),
      toHost: (answer) => answer,
    }),
  },
};

/** What 0.9 had no word for, a plugin of 0.9 is not told. */
function narrowConfig({ image, command, env: variables, mounts, hostname: name, workingDirectory, readOnly }: ContainerConfig) {
  return {
    image,
    command,
    env: variables,
    binds: mounts.flatMap((mount) =>
      mount.type === 'bind' ? [{ source: mount.source, destination: mount.destination, readOnly: mount.readOnly ?? false }] : [],
    ),
    ...(name !== undefined && { hostname: name }),
    workingDirectory,
    readOnly,
  };
}

function widenChanges({ binds: added, ...rest }: v.InferOutput<typeof changes>): ConfigChanges {
  return { ...rest, ...(added && { mounts: added.map((bind) => ({ type: 'bind' as const, ...bind })) }) };
}

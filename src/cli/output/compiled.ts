import type { Log } from '#base/log.js';
import type { Compiled } from '#wiring/wiring.js';

/** `Plugin built to: …`, as Apptainer says it; with `verbose` what went into it, one line each. */
export function sayCompiled(log: Log, { path, manifest, report }: Compiled, verbose: boolean): void {
  if (verbose) {
    for (const { path: input, sizeBytes } of report.inputs) log.write('info', `Bundled ${input} (${sizeBytes} bytes)`);
    const { name, version, callbacks, permissions, contract, commands } = manifest;
    log.write('info', `Plugin ${name} ${version}, for contract ${contract.version}`);
    log.write('info', `Callbacks: ${list(callbacks)}`);
    if (Object.keys(commands).length > 0) log.write('info', `Commands: ${list(Object.keys(commands))}`);
    log.write(
      'info',
      `Permissions: ${list(Object.entries(permissions).flatMap(([kind, values]) => (values ?? []).map((value) => `${kind}:${value}`)))}`,
    );
    const { scriptBytes, sourceMapBytes, packageBytes } = report;
    log.write('info', `Script ${scriptBytes} bytes, source map ${sourceMapBytes} bytes, package ${packageBytes} bytes`);
    log.write('info', `Took ${report.steps.map(({ step, tookMs }) => `${Math.round(tookMs)} ms to ${step}`).join(', ')}`);
  }
  log.write('info', `Plugin built to: ${path}`);
}

function list(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(', ');
}

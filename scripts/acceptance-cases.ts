/** The acceptance cases that plugins of other projects came to, by number, and why some have no test of ours. */

export interface Project {
  readonly name: string;
  /** In the titles of tests: `(apptainer 7)`. */
  readonly tag: string;
  readonly about: string;
  readonly areas: readonly { readonly from: number; readonly to: number; readonly about: string }[];
  /** In our words, where the case is about something that Bulkhead does not have. */
  readonly notOurs: Readonly<Record<number, string>>;
}

const apptainer: Project = {
  name: 'Apptainer',
  tag: 'apptainer',
  about: 'The numbers are those of the cases that Apptainer’s own tests, and the questions that they leave open, came to.',
  areas: [
    { from: 1, to: 28, about: 'a plugin from creation to removal, its callbacks, its help' },
    { from: 29, to: 40, about: 'what is a package of a plugin' },
    { from: 41, to: 48, about: 'the manifest in a package' },
    { from: 49, to: 71, about: 'commands, flags, and variables of the environment' },
    { from: 72, to: 81, about: 'images in SIF files' },
    { from: 82, to: 94, about: 'the SIF format' },
    { from: 95, to: 104, about: 'signatures' },
    { from: 105, to: 107, about: 'around plugins' },
    { from: 108, to: 121, about: 'what upstream never tested' },
  ],
  notOurs: {
    ...of(
      [49, 50, 51, 52, 53, 54, 55, 56, 58, 59],
      'not ours: how a Go program registers commands and flags; here they are data, checked by a schema',
    ),
    96: 'not ours: the signed text of an older format (PGP), which is recognized and reported as unsupported',
    ...of(
      [98, 99, 101],
      'not ours: option objects of a Go library; `plugin sign` signs, and `plugin verify` verifies, all of the one group',
    ),
    104: 'not ours: helpers for fingerprints of PGP; a policy names keys',
    105: 'not ours: no process is started that takes a file descriptor of another',
    107: 'not ours: `bulkhead.toml` is TOML, read by a library and checked by a schema; no default file is generated',
  },
};

const apple: Project = {
  name: 'apple/container',
  tag: 'apple',
  about: 'The numbers are those of the cases that its tests of plugins came to.',
  areas: [
    { from: 1, to: 12, about: 'a path from a variable of the environment' },
    { from: 13, to: 16, about: 'the configuration of a bundle' },
    { from: 17, to: 28, about: 'the layouts of a bundle' },
    { from: 29, to: 48, about: 'finding bundles, and starting their services' },
    { from: 49, to: 51, about: 'what a plugin and its services are called' },
    { from: 52, to: 56, about: 'the roots that a service is told' },
    { from: 81, to: 91, about: 'addresses, as a network plugin gives them' },
    { from: 92, to: 103, about: 'networks' },
    { from: 104, to: 106, about: 'names of networks' },
  ],
  notOurs: {
    ...of([87, 91], 'not ours: nobody gives an address back; it is free when the connections that asked for it have ended'),
  },
};

export const projects: readonly Project[] = [apptainer, apple];

function of(numbers: readonly number[], reason: string): Record<number, string> {
  return Object.fromEntries(numbers.map((number) => [number, reason]));
}

/** The acceptance cases that Apptainer's plugins came to, by number, and why some have no test of ours. */

export const areas: readonly { readonly from: number; readonly to: number; readonly about: string }[] = [
  { from: 1, to: 28, about: 'a plugin from creation to removal, its callbacks, its help' },
  { from: 29, to: 40, about: 'what is a package of a plugin' },
  { from: 41, to: 48, about: 'the manifest in a package' },
  { from: 49, to: 71, about: 'commands, flags, and variables of the environment' },
  { from: 72, to: 81, about: 'images in SIF files' },
  { from: 82, to: 94, about: 'the SIF format' },
  { from: 95, to: 104, about: 'signatures' },
  { from: 108, to: 121, about: 'what upstream never tested' },
];

/** In our words, where the case is about something that Bulkhead does not have. */
export const notOurs: Readonly<Record<number, string>> = {};

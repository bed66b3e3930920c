/**
 * The floor plan, checked by `npm run rooms` and drawn by `npm run rooms:draw` (docs/rooms.md). All rules follow from this table:
 *
 *   files   what belongs to the room; its door is the file of the room's name
 *   may     the rooms it may import, each by its door
 *   node    what it may use of Node: all, some (no files, except in filesOnlyIn), or none (it runs on both sides of the border)
 *   npm     the packages it may use; no limit where absent
 */
const rooms = {
  cli: { files: 'src/cli', may: ['wiring', 'base'], node: 'some' },
  wiring: {
    files: 'src/wiring',
    may: [
      'host',
      'monitor',
      'networks',
      'containers',
      'engine',
      'images',
      'services',
      'selftest',
      'catalog',
      'package',
      'contract',
      'base',
    ],
    node: 'all',
  },
  selftest: { files: 'src/selftest', may: ['host', 'contract', 'base'], node: 'all' },
  // A power that reads files for a plugin lives in powers/, where a reviewer looks for it; guest-file finds the guest of this installation.
  host: {
    files: 'src/host',
    may: ['catalog', 'wire', 'contract', 'base'],
    node: 'some',
    filesOnlyIn: ['src/host/powers/', 'src/host/guest-file[.]ts'],
  },
  // The loader reads the guest's own bundle and its code cache, before any foreign code is there.
  guest: { files: 'src/guest', may: ['wire', 'contract'], node: 'some', filesOnlyIn: ['src/guest/loader'] },
  wire: { files: 'src/wire', may: ['contract'], node: 'none', npm: ['comlink', 'valibot'] },
  catalog: { files: 'src/catalog', may: ['package', 'contract', 'base'], node: 'all' },
  package: { files: 'src/package', may: ['sif', 'contract', 'base'], node: 'all' },
  engine: { files: 'src/engine', may: ['sif', 'images', 'base'], node: 'all' },
  containers: { files: 'src/containers', may: ['engine', 'base'], node: 'all' },
  images: { files: 'src/images', may: ['base'], node: 'all' },
  networks: { files: 'src/networks', may: ['containers', 'base'], node: 'all' },
  monitor: { files: 'src/monitor', may: ['networks', 'containers', 'engine', 'contract', 'base'], node: 'all' },
  services: { files: 'src/services', may: ['catalog', 'base'], node: 'all' },
  sif: { files: 'src/sif', may: ['base'], node: 'some' },
  // Locks alone need a package; it is loaded with the first one.
  base: { files: 'src/base', may: [], node: 'all', npm: ['proper-lockfile'], doorless: 'a box of small tools, each a file of its own' },
  contract: { files: 'plugin-sdk/contract', may: [], node: 'none', npm: ['valibot'] },
  testing: { files: 'plugin-sdk/testing', may: ['host', 'catalog', 'package', 'contract', 'base'], node: 'all' },
};

/** Why an import is wrong, room by room where there is more to say than "it is not in the table". */
const reasons = {
  cli: 'a command parses, calls one function of wiring and prints; the work belongs to a room below.',
  engine: 'the engine knows nothing of plugins: it declares a moment as a function, and src/wiring fulfils it.',
  catalog: 'the catalog never runs plugin code, so that list, inspect and install cannot by accident; wiring calls the host.',
  guest: 'the guest runs beside foreign code: what it imports, foreign code is one mistake away from.',
  wire: 'the wire is the same code on both sides of the border.',
  contract: 'the contract is what authors install: it brings valibot and nothing else.',
};

const pathOf = ({ files }) => `^${files}/`;
const doorOf = ({ files }) => `^${files}/${files.split('/').at(-1)}[.]ts$`;
const packagePath = (name) => `(^|/)node_modules/${name}/`;
const fileModules = '^(node:)?(fs|fs/promises)$';

/** A room imports no other room than those of its row. */
function keepToTheTable([name, room]) {
  const others = Object.entries(rooms).filter(([other]) => other !== name && !room.may.includes(other));
  return {
    name: `${name}-imports-${room.may.join('-') || 'no-room'}`,
    comment: `src: ${reasons[name] ?? `${name} may import: ${room.may.join(', ') || 'no other room'}.`} Move the code, or pass what it needs as an argument.`,
    severity: 'error',
    from: { path: pathOf(room), pathNot: '^src/guest/loader[.]cjs$' },
    to: { path: others.map(([, other]) => pathOf(other)) },
  };
}

/** What stands behind a door may change without anybody else noticing. */
function enterByTheDoor([name, room]) {
  return {
    name: `${name}-by-its-door`,
    comment: `Import ${name} by its door, ${room.files}/${room.files.split('/').at(-1)}.ts; export there what others may use.`,
    severity: 'error',
    from: { path: ['^src/', '^plugin-sdk/', '^scripts/', '^samples/'], pathNot: [pathOf(room), ...mayPassBy(name)] },
    to: { path: pathOf(room), pathNot: doorOf(room) },
  };
}

/** The author's half of the SDK takes types and the stamp past the door: through it, every plugin would carry valibot. */
function mayPassBy(name) {
  return name === 'contract' ? ['^plugin-sdk/[^/]+[.]ts$'] : [];
}

function keepOffNode([name, room]) {
  const none = room.node === 'none';
  return {
    name: `${name}-${none ? 'without-node' : 'opens-no-files'}`,
    comment: none
      ? `${name} runs where there is no Node: pass in what it needs.`
      : `Files are touched by base, catalog, engine, package, wiring and host/powers alone: pass ${name} the bytes, or use #base/files.js.`,
    severity: 'error',
    from: { path: pathOf(room), pathNot: (room.filesOnlyIn ?? []).map((path) => `^${path}`) },
    to: { dependencyTypes: ['core'], ...(none ? {} : { path: fileModules }) },
  };
}

function keepToPackages([name, room]) {
  return {
    name: `${name}-packages`,
    comment: `${name} may use ${room.npm.join(' and ') || 'no package'}: it is imported where more would be a burden or a danger.`,
    severity: 'error',
    from: { path: pathOf(room) },
    to: { path: 'node_modules/', pathNot: [...room.npm.map(packagePath), packagePath('@types/node')] },
  };
}

const rows = Object.entries(rooms);

module.exports = {
  forbidden: [
    ...rows.map(keepToTheTable),
    ...rows.filter(([, room]) => !room.doorless).map(enterByTheDoor),
    ...rows.filter(([, room]) => room.node !== 'all').map(keepOffNode),
    ...rows.filter(([, room]) => room.npm).map(keepToPackages),
    {
      name: 'every-folder-is-a-room',
      comment: 'A file of src belongs to a room of the table in .dependency-cruiser.cjs: put it in one, or add a row.',
      severity: 'error',
      from: { path: '^src/', pathNot: rows.map(([, room]) => pathOf(room)) },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or hide a third: move what both need there.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file and it imports nothing: delete it, or use it.',
      severity: 'error',
      from: { orphan: true, path: '^(src|plugin-sdk)/', pathNot: ['^src/cli/(commands|hooks)/', '[.]d[.]ts$'] },
      to: {},
    },
    {
      name: 'no-test-in-the-product',
      comment: 'What ships does not know its tests: move the shared part into src, or into plugin-sdk/testing.',
      severity: 'error',
      from: { path: ['^src/', '^plugin-sdk/', '^bin/'] },
      to: { path: ['^test/', '[.]test[.]ts$', '^scripts/', '^samples/'] },
    },
    {
      name: 'samples-are-authors',
      comment: 'A sample uses what an author can install: @bulkhead/plugin-sdk, by that name; the rest is private.',
      severity: 'error',
      from: { path: '^samples/', pathNot: '[.]test[.]ts$' },
      to: { path: ['^src/', '^test/', '^scripts/'] },
    },
    {
      name: 'every-import-resolves',
      comment: 'This import leads nowhere: mend the path, or add the package to package.json.',
      severity: 'error',
      // bin/ runs what the build writes.
      from: { pathNot: '^bin/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules/' },
    exclude: { path: ['^dist/', '^plugin-sdk/(dist|api)/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['bulkhead-source', 'import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.d.ts', '.cjs', '.mjs', '.json'],
    },
  },
};

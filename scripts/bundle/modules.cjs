'use strict';
// What the modules of the bundle need to be modules: see lazy-modules.ts.

/** `all` has a function for each export, which answers with its value of the moment. */
exports.exportAll = function exportAll(target, all) {
  if (!target.__esModule) Object.defineProperty(target, '__esModule', { value: true });
  for (const name in all) Object.defineProperty(target, name, { get: all[name], enumerable: true, configurable: true });
};

const seen = new Map();

/** As `import` sees a CommonJS module: it is the default, and has what it has, enumerable or not. */
exports.toModule = function toModule(loaded) {
  if (loaded.__esModule) return loaded;
  if (!seen.has(loaded)) {
    const module = Object.create(null);
    for (const name of Object.getOwnPropertyNames(loaded))
      if (name !== 'default') Object.defineProperty(module, name, { get: () => loaded[name], enumerable: true });
    seen.set(loaded, Object.defineProperty(module, 'default', { value: loaded, enumerable: true }));
  }
  return seen.get(loaded);
};

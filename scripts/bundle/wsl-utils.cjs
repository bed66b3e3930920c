'use strict';
// oclif asks whether this is Windows' own Linux, to tell it in its version, and reads several files for it; it is a Linux like any other.
exports.isWsl = false;

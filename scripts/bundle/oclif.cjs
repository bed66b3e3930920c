'use strict';
// What the command line uses of oclif, each part from its own file when it is used; see lazy-modules.ts.
module.exports = {
  get Args() {
    return require('@oclif/core/args');
  },
  get Command() {
    return require('@oclif/core/command').Command;
  },
  get CommandHelp() {
    return require('@oclif/core/help').CommandHelp;
  },
  get Config() {
    return require('@oclif/core/config').Config;
  },
  get Errors() {
    return require('@oclif/core/errors');
  },
  get Flags() {
    return require('@oclif/core/flags');
  },
  get Help() {
    return require('@oclif/core/help').Help;
  },
  get Plugin() {
    return require('@oclif/core/config').Plugin;
  },
  get run() {
    return require('@oclif/core/run').run;
  },
};

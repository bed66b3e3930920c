/**
 * Locks the worker's realm. Must be imported before anything else of the guest, so that what the later modules capture is
 * already tamed and frozen.
 *
 * The trapping options are 'none' because SES's defaults swallow errors in a worker: an unhandled rejection would end it with
 * exit code 0 and no event. `errorTaming` stays 'safe': plugin code sees empty stacks, the shim reads them with getStackString.
 */
import 'ses';

lockdown({
  errorTaming: 'safe',
  errorTrapping: 'none',
  unhandledRejectionTrapping: 'none',
  consoleTaming: 'unsafe',
  overrideTaming: 'moderate',
  reporting: 'none',
  // Frames of the shim are noise to an author; those of the plugin's script are what matters.
  stackFiltering: 'verbose',
});

/** What the catalog tells of. */
import type { Receipt } from './receipt.js';

/** given: by `--plugin-dir` or the environment · user: the caller's own · system: the machine's. */
export type PluginScope = 'given' | 'user' | 'system';

export interface PluginDirectory {
  readonly path: string;
  readonly scope: PluginScope;
}

/** Where to look, in order, and for whom. */
export interface CatalogPlace {
  readonly directories: readonly PluginDirectory[];
  /** The caller's; decides whose files are trusted. */
  readonly uid: number;
}

export interface Installation extends Receipt {
  readonly directory: PluginDirectory;
  readonly packageFile: string;
}

/**
 * Why something in a plugin directory does not count.
 *   shadowed   another directory, asked before, has a plugin of this name
 *   conflict   another plugin, asked before, contributes the same command or scheme; both are listed, the other one answers
 *   invalid    its receipt or its package is missing, damaged, or not to be trusted
 *   refused    nothing in this directory is used
 *   quarantined  its compartment kept ending by its own fault; the wiring says so
 *   denied     the operator's policy denies the plugin, or cannot be read (the catalog itself knows of no policy)
 *   noted      it is used, and something about it is not as its author may think
 */
export interface CatalogProblem {
  readonly kind: 'shadowed' | 'conflict' | 'invalid' | 'refused' | 'quarantined' | 'denied' | 'noted';
  /** The receipt or the directory. */
  readonly path: string;
  /** Of the plugin, where it is known. */
  readonly name?: string;
  readonly reason: string;
  readonly hint?: string;
  /** Whether a container may be run all the same. */
  readonly skippable: boolean;
}

export interface Catalog<Found = Installation> {
  /** One per name, in the order in which they answer: by directory, then by name. */
  readonly installations: readonly Found[];
  readonly problems: readonly CatalogProblem[];
}

/** Why a plugin is in quarantine. */
export interface QuarantineNotice {
  readonly since: string;
  /** In a row; the last one was too many. */
  readonly failures: readonly { readonly at: string; readonly why: string }[];
}

/** `expectType<T>()(value)` compiles only where the type of the value is T, no narrower and no wider. */
export function expectType<Expected>(): <Actual>(value: Actual & (Same<Actual, Expected> extends true ? unknown : never)) => void {
  return () => undefined;
}

/** Two types are the same where TypeScript would treat a conditional type on one as it treats it on the other. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** What every plugin must say. */
export const validPlugin = { name: 'example.com/types', version: '0.1.0', author: 'Site team', description: 'For the type tests' };

export const validCommand = { summary: 'Does nothing', run: (): void => undefined };

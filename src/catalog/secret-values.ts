import type { ConfigurationValues } from '@bulkhead/plugin-sdk/contract';

/** Values that nobody is shown: whoever prints, logs or serializes an installation says of each that it is set, and not what it is. */
export class SecretValues {
  readonly #values: ConfigurationValues;

  constructor(values: ConfigurationValues) {
    this.#values = values;
  }

  /** For the receipt, and for the plugin itself. */
  reveal(): ConfigurationValues {
    return this.#values;
  }

  toJSON(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.#values).map((key) => [key, '(secret)']));
  }
}

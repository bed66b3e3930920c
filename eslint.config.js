/**
 * What a type-aware reviewer would catch and `tsc` does not. Style is prettier's; who may import whom is .dependency-cruiser.cjs's.
 * A rule is switched off for one line only, with its reason: `// eslint-disable-next-line RULE -- why` (test/tidy.test.ts).
 */
import tseslint from 'typescript-eslint';

/** Globals of Node that do not exist in a compartment, or must not be relied on there. */
const globalsOfNode = ['process', 'require', 'module', 'global', 'Buffer', 'fetch', '__dirname', '__filename'];

/** What is wrong with most code at any time: a promise forgotten, a case forgotten, a type believed that nothing checked. */
const typeAware = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/return-await': ['error', 'in-try-catch'],
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-unsafe-argument': 'error',
  '@typescript-eslint/no-unsafe-assignment': 'error',
  '@typescript-eslint/no-unsafe-call': 'error',
  '@typescript-eslint/no-unsafe-member-access': 'error',
  '@typescript-eslint/no-unsafe-return': 'error',
};

const plain = {
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
  eqeqeq: 'error',
};

export default tseslint.config(
  { ignores: ['**/dist/', 'dist.new/', '**/node_modules/', '**/coverage/', 'plugin-sdk/api/', 'plugin-sdk/realm.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: { ...typeAware, ...plain },
  },
  {
    // The border: this code runs where the foreign code runs, so what it can reach, foreign code may come to reach.
    files: ['src/guest/**/*.ts', 'src/wire/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...globalsOfNode.map((name) => ({ name, message: 'The compartment has no such thing; pass what is needed.' })),
      ],
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [onlyBuiltin('worker_threads')] }],
    },
  },
  {
    files: ['src/wire/**/*.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [onlyBuiltin()] }] },
  },
  // Takes the two out of the realm, and needs them for that.
  allowInGuest('disarm.ts', '(?:module|process)', { 'no-restricted-globals': 'off' }),
  allowInGuest('endowments/math.ts', 'crypto'),
);

function allowInGuest(file, builtin, rules = {}) {
  const restricted = ['error', { patterns: [onlyBuiltin(builtin)] }];
  return { files: [`src/guest/${file}`], rules: { '@typescript-eslint/no-restricted-imports': restricted, ...rules } };
}

function onlyBuiltin(name) {
  const allowed = name ? `(?!${name}$)` : '';
  return {
    regex: `^node:${allowed}`,
    allowTypeImports: true,
    message: `The border uses ${name ? `node:${name} and no other` : 'no'} part of Node.`,
  };
}
